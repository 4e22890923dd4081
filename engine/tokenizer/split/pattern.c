/* SPDX-License-Identifier: Apache-2.0 */

/* "Split" by the regular expressions that tokenizers have, without an engine for them: each is a
 * function that says how long the word at the beginning of some characters is. All of them make
 * words of every character. An expression that is not known is refused.
 *
 * DESIGN. Characters are held until there are some dozens, then words are cut off, as long as what
 * was held shows where they end. Where it does not, twice as many are held before the next try, so
 * the time is linear in the length of a text, and the memory in that of its longest word. */
#include "engine/tokenizer/split/split.h"

#include <string.h>

enum {
    MIN_HELD = 64,
    LOOKAHEAD = 3 /* what is further behind a word does not matter */
};

enum kind { KIND_LETTER, KIND_NUMBER, KIND_SPACE, KIND_OTHER };

static enum kind kind_of(const struct normal_char *normal)
{
    if (normal->kind.flags & CODE_POINT_LETTER)
        return KIND_LETTER;
    if (normal->kind.flags & CODE_POINT_NUMBER)
        return KIND_NUMBER;
    return normal->kind.flags & CODE_POINT_SPACE ? KIND_SPACE : KIND_OTHER;
}

/* Where the run of one kind that begins at `from` ends. */
static size_t run_end(const struct normal_char *chars, size_t from, size_t n, enum kind kind)
{
    while (from < n && kind_of(&chars[from]) == kind)
        from++;
    return from;
}

static bool is_newline(const struct normal_char *normal)
{
    return normal->c == '\r' || normal->c == '\n';
}

/* --- the expressions -------------------------------------------------------------------------- */

/* One of 's 't 're 've 'm 'll 'd at the beginning: how many characters, 0: none. With any case,
 * U+017F is an s too. */
static size_t match_contraction(const struct normal_char *chars, size_t n, bool any_case)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};

    if (n < 2 || chars[0].c != '\'')
        return 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t len = strlen(endings[i]);
        size_t k = 0;

        while (k < len && k + 1 < n) {
            uint32_t c = chars[k + 1].c;

            if (any_case && c >= 'A' && c <= 'Z')
                c += 'a' - 'A';
            if (any_case && c == 0x17f)
                c = 's';
            if (c != (unsigned char)endings[i][k])
                break;
            k++;
        }
        if (k == len)
            return len + 1;
    }
    return 0;
}

/* \s+(?!\S)|\s+: white space, without its last character where a word follows. */
static size_t match_space(size_t run, size_t n)
{
    return run < n && run > 1 ? run - 1 : run;
}

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static size_t match_gpt2(const struct normal_char *chars, size_t n, size_t *ret_looked)
{
    size_t len = match_contraction(chars, n, false);
    size_t first = chars[0].c == ' ' && n > 1 ? 1 : 0;

    if (len == 0 && kind_of(&chars[first]) != KIND_SPACE)
        len = run_end(chars, first, n, kind_of(&chars[first]));
    *ret_looked = len;
    if (len > 0)
        return len;
    *ret_looked = run_end(chars, 0, n, KIND_SPACE);
    return match_space(*ret_looked, n);
}

/* (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,max_numbers}|
 *  ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+ */
static size_t match_qwen(const struct normal_char *chars, size_t n, size_t max_numbers,
                         size_t *ret_looked)
{
    size_t len = match_contraction(chars, n, true);
    enum kind kind = kind_of(&chars[0]);
    size_t first = kind == KIND_LETTER || kind == KIND_NUMBER || is_newline(&chars[0]) ? 0 : 1;

    *ret_looked = len;
    if (len > 0)
        return len;
    if (first < n && kind_of(&chars[first]) == KIND_LETTER)
        return *ret_looked = run_end(chars, first, n, KIND_LETTER);
    if (kind == KIND_NUMBER)
        return *ret_looked = run_end(chars, 0, n < max_numbers ? n : max_numbers, KIND_NUMBER);
    first = chars[0].c == ' ' && n > 1 ? 1 : 0;
    if (kind_of(&chars[first]) == KIND_OTHER) {
        len = run_end(chars, first, n, KIND_OTHER);
        while (len < n && is_newline(&chars[len]))
            len++;
        return *ret_looked = len;
    }
    len = *ret_looked = run_end(chars, 0, n, KIND_SPACE);
    while (len > 0 && !is_newline(&chars[len - 1]))
        len--;
    return len > 0 ? len : match_space(*ret_looked, n);
}

static size_t match_qwen2(const struct normal_char *chars, size_t n, size_t *ret_looked)
{
    return match_qwen(chars, n, 1, ret_looked);
}

static size_t match_llama3(const struct normal_char *chars, size_t n, size_t *ret_looked)
{
    return match_qwen(chars, n, 3, ret_looked);
}

/* How long the word at the beginning of chars[n] is, at least 1; *ret_looked is how many characters
 * were looked at, or more: if it is n, more of them could make it another word. */
typedef size_t match_function(const struct normal_char *chars, size_t n, size_t *ret_looked);

static const struct {
    const char *expression;
    match_function *match;
} expressions[] = {
    {"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
     match_gpt2},
    {"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+"
     "[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     match_qwen2},
    {"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
     "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
     match_llama3},
};

/* --- the stage -------------------------------------------------------------------------------- */

static bool put_word(struct stage *stage, const struct normal_char *chars, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!stage_put(stage, &chars[i]))
            return false;
    return stage_put_end(stage);
}

/* Puts the words of what is held: all where no more comes. The part's flags are which expression
 * it is. */
static bool put_words(struct stage *stage, bool no_more)
{
    match_function *match = expressions[stage->part->flags].match;
    struct chars *held = &stage->held;
    size_t from = 0;
    bool more = true;

    while (more && from < held->n) {
        size_t looked;
        size_t len = match(held->items + from, held->n - from, &looked);

        if (!no_more && looked + LOOKAHEAD > held->n - from)
            break;
        more = put_word(stage, held->items + from, len);
        from += len;
    }
    chars_drop(held, from);
    return more;
}

/* The stage's state is how many are to be held before the next try. */
static bool take(struct stage *stage, const struct normal_char *normal)
{
    bool more;

    if (!stage_hold(stage, normal))
        return false;
    if (stage->held.n < MIN_HELD || stage->held.n < stage->state[0])
        return true;
    more = put_words(stage, false);
    stage->state[0] = stage->held.n * 2;
    return more;
}

static bool end(struct stage *stage)
{
    bool more = put_words(stage, true);

    stage->state[0] = 0;
    return more && stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = false};

enum status split_add_gpt2(struct chain *chain, struct error *error)
{
    return chain_add(chain, &type, 0, NULL, error);
}

/* Since all characters are in words, it is the same to keep what matches and what lies between. */
static bool keeps_matches(const char *behavior, bool invert)
{
    return (strcmp(behavior, "Isolated") == 0 && !invert) ||
           (strcmp(behavior, "Removed") == 0 && invert);
}

enum status split_pattern_read(void *into, const struct document *part, struct error *error)
{
    const json_t *pattern = json_object_get(part->root, "pattern");
    const char *expression = json_string_value(json_object_get(pattern, "Regex"));
    const char *behavior = "";
    bool invert = false;
    enum status status = document_get_string(part, "behavior", &behavior, error);

    if (!status)
        status = document_get_bool(part, "invert", &invert, error);
    if (status)
        return status;
    if (!expression)
        return split_string_read(into, part, error);
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++)
        if (strcmp(expression, expressions[i].expression) == 0 && keeps_matches(behavior, invert))
            return chain_add(into, &type, (unsigned)i, NULL, error);
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: the \"pattern\" %.300s with \"behavior\" \"%.40s\" is not supported",
                     part->name, expression, behavior);
}
