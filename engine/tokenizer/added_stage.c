/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN. Held are white space that a token may take, if any token takes it, and behind that the
 * characters that may be a token or the beginning of one, and the white space that it takes after
 * it. What is decided is handed on. */
#include "engine/tokenizer/added_stage.h"

#include <string.h>

/* Of the stage's state: how much white space is held at the beginning; whether the last character
 * before what is held is one of a word; whether the end of what is held is white space of a token,
 * which goes on. */
enum { N_SPACES, AFTER_WORD, TAKES_SPACE };

enum match { MATCH_NONE, MATCH_FOUND, MATCH_OPEN };

/* A token that the held characters begin with. */
struct found {
    const struct added_token *token; /* NULL: none */
    size_t n_chars;
};

static const struct added_tokens *tokens_of(const struct stage *stage)
{
    return ((const struct added_search *)stage->user)->added;
}

static bool is_word(const struct normal_char *normal)
{
    return normal->kind.flags & CODE_POINT_WORD;
}

/* Finds the longest token at the beginning of chars[n]. MATCH_OPEN: more characters may make it, or
 * make it longer. */
static enum match find(const struct added_tokens *added, const struct normal_char *chars, size_t n,
                       struct found *ret_found)
{
    const struct trie *trie = &added->trie;
    uint32_t node = TRIE_ROOT;

    *ret_found = (struct found){NULL, 0};
    for (size_t i = 0; i < n; i++) {
        char bytes[MAX_UTF8_BYTES];
        size_t n_bytes = utf8_encode(chars[i].c, bytes);

        for (size_t k = 0; k < n_bytes; k++) {
            node = trie_step(trie, node, (unsigned char)bytes[k]);
            if (node == TRIE_NO_NODE)
                return ret_found->token ? MATCH_FOUND : MATCH_NONE;
        }
        if (trie->values[node] != TRIE_NO_VALUE)
            *ret_found = (struct found){&added->tokens[trie->values[node]], i + 1};
    }
    return MATCH_OPEN;
}

/* Hands on the held white space. */
static bool put_spaces(struct stage *stage)
{
    size_t n = stage->state[N_SPACES];
    bool more = true;

    for (size_t i = 0; i < n && more; i++)
        more = stage_put(stage, &stage->held.items[i]);
    if (n > 0) {
        chars_drop(&stage->held, n);
        stage->state[N_SPACES] = 0;
        stage->state[AFTER_WORD] = false;
    }
    return more;
}

/* Hands on the first character behind the white space, or makes it part of that. */
static bool put_plain(struct stage *stage)
{
    struct chars *held = &stage->held;
    const struct normal_char normal = held->items[stage->state[N_SPACES]];

    if (tokens_of(stage)->any_takes_left && (normal.kind.flags & CODE_POINT_SPACE)) {
        stage->state[N_SPACES]++;
        return true;
    }
    if (!put_spaces(stage))
        return false;
    chars_drop(held, 1);
    stage->state[AFTER_WORD] = is_word(&normal);
    return stage_put(stage, &normal);
}

static bool put_token(struct stage *stage, const struct found *found)
{
    const struct added_search *search = stage->user;
    struct chars *held = &stage->held;
    size_t start;
    size_t stop;

    if (!found->token->takes_left && !put_spaces(stage))
        return false;
    start = held->items[0].start;
    stop = held->items[stage->state[N_SPACES] + found->n_chars - 1].stop;
    stage->state[AFTER_WORD] = is_word(&held->items[stage->state[N_SPACES] + found->n_chars - 1]);
    chars_drop(held, stage->state[N_SPACES] + found->n_chars);
    stage->state[N_SPACES] = 0;
    return stage_put_end(stage) && output_put(search->output, found->token->id, start, stop);
}

/* Whether no character of a word is beside the token. */
static bool is_apart(const struct stage *stage, const struct found *found)
{
    size_t after = stage->state[N_SPACES] + found->n_chars;

    return (stage->state[N_SPACES] > 0 || !stage->state[AFTER_WORD]) &&
           (after >= stage->held.n || !is_word(&stage->held.items[after]));
}

/* Adds the white space that the token takes after it. MATCH_OPEN: more of it may come. */
static enum match take_right(const struct normal_char *chars, size_t n, struct found *found)
{
    if (!found->token->takes_right)
        return MATCH_FOUND;
    while (found->n_chars < n && (chars[found->n_chars].kind.flags & CODE_POINT_SPACE))
        found->n_chars++;
    return found->n_chars < n ? MATCH_FOUND : MATCH_OPEN;
}

/* Hands on what is decided of the held characters: all of them where no more come. */
static bool decide(struct stage *stage, bool no_more)
{
    struct chars *held = &stage->held;
    bool more = true;

    while (more && held->n > stage->state[N_SPACES]) {
        size_t n_spaces = stage->state[N_SPACES];
        size_t n_chars = held->n - n_spaces;
        struct found found;
        enum match match = find(tokens_of(stage), held->items + n_spaces, n_chars, &found);

        if (match == MATCH_OPEN && !no_more)
            return true;
        if (!found.token) {
            more = put_plain(stage);
        } else if (!found.token->is_word || is_apart(stage, &found)) {
            match = take_right(held->items + n_spaces, n_chars, &found);
            stage->state[TAKES_SPACE] = match == MATCH_OPEN && !no_more;
            if (stage->state[TAKES_SPACE])
                return true;
            more = put_token(stage, &found);
        } else {
            /* No other begins within it. */
            for (size_t i = 0; i < found.n_chars && more; i++)
                more = put_plain(stage);
        }
    }
    return more && (!no_more || put_spaces(stage));
}

static bool take(struct stage *stage, const struct normal_char *normal)
{
    const struct added_tokens *added = tokens_of(stage);
    bool is_space = normal->kind.flags & CODE_POINT_SPACE;

    if (stage->state[TAKES_SPACE] && is_space)
        return stage_hold(stage, normal);
    if (stage->held.n == 0 && !(added->any_takes_left && is_space)) {
        char bytes[MAX_UTF8_BYTES];

        utf8_encode(normal->c, bytes);
        if (!added->starts[(unsigned char)bytes[0]]) {
            stage->state[AFTER_WORD] = is_word(normal);
            return stage_put(stage, normal);
        }
    }
    return stage_hold(stage, normal) && decide(stage, false);
}

static bool end(struct stage *stage)
{
    bool more = decide(stage, true);

    stage->state[AFTER_WORD] = false;
    return more && stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = false};

void added_stage_init(struct stage *stage, struct added_search *search, struct stage *next)
{
    stage->type = &type;
    stage->part = NULL;
    stage->next = next;
    stage->status = next->status;
    stage->user = search;
    stage->state[N_SPACES] = 0;
    stage->state[AFTER_WORD] = false;
    stage->state[TAKES_SPACE] = false;
    chars_init(&stage->held);
}
