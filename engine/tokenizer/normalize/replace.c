/* SPDX-License-Identifier: Apache-2.0 */

/* {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}; also of the patterns of
 * regular expressions that tokenizers have, each a run of one kind of character; and "Prepend".
 *
 * model2vec puts spaces around punctuation by 32 of them, each for one character. Of such that follow
 * each other one stage is made. */
#include "engine/tokenizer/normalize/normalize.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_REPLACE_CHARS = 64 };

struct replace {
    size_t n_pattern; /* 0: a run */
    size_t min_run;
    bool (*runs)(const struct normal_char *normal);
    bool (*alone)(const struct normal_char *normal); /* of a shorter run too; NULL: none */
    size_t n_content;
    uint32_t pattern[MAX_REPLACE_CHARS];
    uint32_t content[MAX_REPLACE_CHARS];
};

/* What is put stands for the bytes of the last character that was replaced, as officially. */
static bool put_content(struct stage *stage, const struct normal_char *last)
{
    const struct replace *replace = stage->part->data;

    for (size_t i = 0; i < replace->n_content; i++) {
        const struct normal_char normal = normal_char_with(last, replace->content[i]);

        if (!stage_put(stage, &normal))
            return false;
    }
    return true;
}

/* --- a string --------------------------------------------------------------------------------- */

static bool held_begins_pattern(const struct stage *stage)
{
    const struct replace *replace = stage->part->data;

    for (size_t i = 0; i < stage->held.n; i++)
        if (stage->held.items[i].c != replace->pattern[i])
            return false;
    return true;
}

static bool take_string(struct stage *stage, const struct normal_char *normal)
{
    const struct replace *replace = stage->part->data;
    struct chars *held = &stage->held;
    bool more = true;

    if (held->n == 0 && normal->c != replace->pattern[0])
        return stage_put(stage, normal);
    if (!stage_hold(stage, normal))
        return false;
    while (more && held->n > 0 && !held_begins_pattern(stage)) {
        more = stage_put(stage, &held->items[0]);
        chars_drop(held, 1);
    }
    if (held->n < replace->n_pattern)
        return more;
    held->n = 0;
    return more && put_content(stage, normal);
}

static bool end_string(struct stage *stage)
{
    struct chars *held = &stage->held;
    bool more = true;

    for (size_t i = 0; i < held->n && more; i++)
        more = stage_put(stage, &held->items[i]);
    held->n = 0;
    return more && stage_put_end(stage);
}

static const struct stage_type string_type = {take_string, end_string, .ascii_is_separate = false};

/* --- single characters ------------------------------------------------------------------------ */

enum { MAX_ROWS = 64, MAX_ROW_CHARS = 4 };

struct char_row {
    uint32_t c;
    uint32_t n_content;
    uint32_t content[MAX_ROW_CHARS];
};

/* No row is for what another one makes: whichever comes first, the same becomes of a text. */
struct char_rows {
    size_t n;
    size_t growth; /* how many characters may become of one */
    struct char_row rows[MAX_ROWS];
};

static bool take_row(struct stage *stage, const struct normal_char *normal)
{
    const struct char_rows *table = stage->part->data;
    const struct char_row *row = table->rows;
    const struct char_row *end = row + table->n;

    while (row < end && row->c != normal->c)
        row++;
    if (row == end)
        return stage_put(stage, normal);
    for (uint32_t i = 0; i < row->n_content; i++) {
        const struct normal_char put = normal_char_with(normal, row->content[i]);

        if (!stage_put(stage, &put))
            return false;
    }
    return true;
}

static const struct stage_type rows_type = {take_row, stage_put_end, .ascii_is_separate = false};

static bool may_join(const struct char_rows *table, uint32_t c)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->rows[i].c == c)
            return false;
        for (uint32_t k = 0; k < table->rows[i].n_content; k++)
            if (table->rows[i].content[k] == c)
                return false;
    }
    return table->n < MAX_ROWS;
}

/* Adds it to the chain's last stage, or as a stage of its own. */
static enum status add_row(struct chain *chain, const struct char_row *row, struct error *error)
{
    const struct part *last = chain->n_parts > 0 ? &chain->parts[chain->n_parts - 1] : NULL;
    struct char_rows *table = last && last->type == &rows_type ? last->data : NULL;
    enum status status = STATUS_OK;

    if (!table || !may_join(table, row->c)) {
        table = calloc(1, sizeof *table);
        if (!table)
            return STATUS_NO_MEMORY;
        table->growth = 1;
        status = chain_add(chain, &rows_type, 0, table, error);
    }
    if (status)
        return status;
    table->rows[table->n++] = *row;
    if (row->n_content <= table->growth)
        return STATUS_OK;
    chain->growth /= table->growth; /* of the rows before, in place of which this one counts */
    table->growth = row->n_content;
    return chain_grow(chain, table->growth, error);
}

/* --- a run ------------------------------------------------------------------------------------ */

/* As many are held as make a run; the last one held is the last one taken. */
static bool run_end(struct stage *stage)
{
    const struct replace *replace = stage->part->data;
    struct chars *held = &stage->held;
    bool more = true;

    if (held->n == 0)
        return true;
    if (held->n == replace->min_run || (replace->alone && replace->alone(&held->items[0])))
        more = put_content(stage, &held->items[held->n - 1]);
    else
        for (size_t i = 0; i < held->n && more; i++)
            more = stage_put(stage, &held->items[i]);
    held->n = 0;
    return more;
}

static bool take_run(struct stage *stage, const struct normal_char *normal)
{
    const struct replace *replace = stage->part->data;
    struct chars *held = &stage->held;

    if (!replace->runs(normal))
        return run_end(stage) && stage_put(stage, normal);
    if (held->n < replace->min_run)
        return stage_hold(stage, normal);
    held->items[held->n - 1] = *normal;
    return true;
}

static bool end_run(struct stage *stage)
{
    return run_end(stage) && stage_put_end(stage);
}

static const struct stage_type run_type = {take_run, end_run, .ascii_is_separate = false};

static bool is_blank(const struct normal_char *normal)
{
    return normal->c == ' ';
}

static bool is_space(const struct normal_char *normal)
{
    return normal->kind.flags & CODE_POINT_SPACE;
}

static bool is_control(const struct normal_char *normal)
{
    return normal->c == '\n' || normal->c == '\r' || normal->c == '\t';
}

static bool is_newline(const struct normal_char *normal)
{
    return normal->c == '\n';
}

static const struct {
    const char *pattern;
    bool (*runs)(const struct normal_char *normal);
    size_t min_run;
    bool (*alone)(const struct normal_char *normal);
} runs[] = {
    {" {2,}", is_blank, 2, NULL},   {"[ ]{2,}", is_blank, 2, NULL},
    {" +", is_blank, 1, NULL},      {"\\s+", is_space, 1, NULL},
    {"\\s{2,}", is_space, 2, NULL}, {"\\s{2,}|[\\n\\r\\t]", is_space, 2, is_control},
    {"\\n+", is_newline, 1, NULL},
};

/* --- prepending ------------------------------------------------------------------------------- */

static bool take_prepend(struct stage *stage, const struct normal_char *normal)
{
    if (stage->state[0] == 0 && !put_content(stage, normal))
        return false;
    stage->state[0] = 1;
    return stage_put(stage, normal);
}

static bool end_prepend(struct stage *stage)
{
    stage->state[0] = 0;
    return stage_put_end(stage);
}

static const struct stage_type prepend_type = {take_prepend, end_prepend,
                                               .ascii_is_separate = false};

/* --- reading ---------------------------------------------------------------------------------- */

/* False where there are more than MAX_REPLACE_CHARS. */
static bool read_chars(const char *text, size_t len_bytes, uint32_t chars[MAX_REPLACE_CHARS],
                       size_t *ret_n)
{
    size_t n = 0;

    for (size_t pos = 0; pos < len_bytes; n++) {
        if (n == MAX_REPLACE_CHARS)
            return false;
        pos += utf8_decode(text + pos, len_bytes - pos, &chars[n]);
    }
    *ret_n = n;
    return true;
}

/* How many characters may become of one. */
static size_t growth_of(const struct replace *replace)
{
    size_t n_replaced = replace->n_pattern > 0 ? replace->n_pattern : replace->min_run;

    if (n_replaced == 0) /* "Prepend" */
        return 1 + replace->n_content;
    return (replace->n_content + n_replaced - 1) / n_replaced;
}

/* Adds a stage of that type which puts the text of `key`. */
static enum status add(struct chain *chain, const struct stage_type *type,
                       const struct replace *replace, const struct document *part, const char *key,
                       struct error *error)
{
    const json_t *content = json_object_get(part->root, key);
    struct replace *copy;
    enum status status;

    if (!json_is_string(content))
        return error_set(error, STATUS_INVALID, "%s: \"%s\" must be a text", part->name, key);
    copy = malloc(sizeof *copy);
    if (!copy)
        return STATUS_NO_MEMORY;
    *copy = *replace;
    if (!read_chars(json_string_value(content), json_string_length(content), copy->content,
                    &copy->n_content)) {
        free(copy);
        return error_set(error, STATUS_UNSUPPORTED, "%s: \"%s\" has more than %d characters",
                         part->name, key, MAX_REPLACE_CHARS);
    }
    status = chain_grow(chain, growth_of(copy), error);
    if (status) {
        free(copy);
        return status;
    }
    return chain_add(chain, type, 0, copy, error);
}

/* False where the content is no text of up to MAX_ROW_CHARS. */
static bool read_row(struct char_row *ret_row, uint32_t c, const struct document *part)
{
    const json_t *content = json_object_get(part->root, "content");
    uint32_t chars[MAX_REPLACE_CHARS];
    size_t n;

    if (!json_is_string(content) ||
        !read_chars(json_string_value(content), json_string_length(content), chars, &n) ||
        n > MAX_ROW_CHARS)
        return false;
    *ret_row = (struct char_row){.c = c, .n_content = (uint32_t)n};
    memcpy(ret_row->content, chars, n * sizeof *chars);
    return true;
}

enum status normalize_replace_read(void *into, const struct document *part, struct error *error)
{
    const json_t *pattern = json_object_get(part->root, "pattern");
    const json_t *string = json_object_get(pattern, "String");
    const char *regex = json_string_value(json_object_get(pattern, "Regex"));
    struct replace replace = {.n_pattern = 0};
    struct char_row row;

    if (json_is_string(string)) {
        if (!read_chars(json_string_value(string), json_string_length(string), replace.pattern,
                        &replace.n_pattern) ||
            replace.n_pattern == 0)
            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: a \"pattern\" of no or more than %d characters", part->name,
                             MAX_REPLACE_CHARS);
        if (replace.n_pattern == 1 && read_row(&row, replace.pattern[0], part))
            return add_row(into, &row, error);
        return add(into, &string_type, &replace, part, "content", error);
    }
    if (!regex)
        return error_set(error, STATUS_INVALID, "%s: \"pattern\" has no \"String\" or \"Regex\"",
                         part->name);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        if (strcmp(regex, runs[i].pattern) == 0) {
            replace.runs = runs[i].runs;
            replace.min_run = runs[i].min_run;
            replace.alone = runs[i].alone;
            return add(into, &run_type, &replace, part, "content", error);
        }
    }
    return error_set(error, STATUS_UNSUPPORTED, "%s: the \"pattern\" \"%.200s\" is not supported",
                     part->name, regex);
}

enum status normalize_prepend_read(void *into, const struct document *part, struct error *error)
{
    const struct replace replace = {.n_pattern = 0};

    return add(into, &prepend_type, &replace, part, "prepend", error);
}
