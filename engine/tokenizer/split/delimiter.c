/* SPDX-License-Identifier: Apache-2.0 */

/* Pre-tokenizers that cut at single characters of one kind ("Punctuation", "CharDelimiterSplit",
 * "Split" by a string of one character), and what may become of those. */
#include "engine/tokenizer/split/split.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum behavior { REMOVED, ISOLATED, WITH_PREVIOUS, WITH_NEXT, CONTIGUOUS, N_BEHAVIORS };

static const char *const names[N_BEHAVIORS] = {
    [REMOVED] = "Removed",
    [ISOLATED] = "Isolated",
    [WITH_PREVIOUS] = "MergedWithPrevious",
    [WITH_NEXT] = "MergedWithNext",
    [CONTIGUOUS] = "Contiguous",
};

struct delimiter {
    bool is_punctuation; /* any of that; else the character below */
    uint32_t c;
};

static bool is_delimiter(const struct delimiter *delimiter, const struct normal_char *normal)
{
    if (delimiter->is_punctuation)
        return normal->kind.flags & CODE_POINT_PUNCTUATION;
    return normal->c == delimiter->c;
}

/* The stage's state is whether the last character of the word was a delimiter, or none. */
enum { LAST_NONE, LAST_DELIMITER, LAST_OTHER };

static bool take_contiguous(struct stage *stage, const struct normal_char *normal, size_t now)
{
    bool more = stage->state[0] == now || stage->state[0] == LAST_NONE || stage_put_end(stage);

    stage->state[0] = now;
    return more && stage_put(stage, normal);
}

static bool take(struct stage *stage, const struct normal_char *normal)
{
    bool cuts = is_delimiter(stage->part->data, normal);

    if (stage->part->flags == CONTIGUOUS)
        return take_contiguous(stage, normal, cuts ? LAST_DELIMITER : LAST_OTHER);
    if (!cuts)
        return stage_put(stage, normal);
    switch ((enum behavior)stage->part->flags) {
    case REMOVED:
        return stage_put_end(stage);
    case WITH_PREVIOUS:
        return stage_put(stage, normal) && stage_put_end(stage);
    case WITH_NEXT:
        return stage_put_end(stage) && stage_put(stage, normal);
    default:
        return stage_put_end(stage) && stage_put(stage, normal) && stage_put_end(stage);
    }
}

static bool end(struct stage *stage)
{
    stage->state[0] = LAST_NONE;
    return stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = false};

static enum status add(struct chain *chain, struct delimiter delimiter, const char *behavior,
                       const struct document *part, struct error *error)
{
    for (unsigned i = 0; i < N_BEHAVIORS; i++) {
        struct delimiter *copy;

        if (strcmp(behavior, names[i]) != 0)
            continue;
        copy = malloc(sizeof *copy);
        if (!copy)
            return STATUS_NO_MEMORY;
        *copy = delimiter;
        return chain_add(chain, &type, i, copy, error);
    }
    return error_set(error, STATUS_INVALID, "%s: \"behavior\" \"%.60s\" is not known", part->name,
                     behavior);
}

/* A string of one character. */
static bool read_char(const json_t *value, uint32_t *ret_c)
{
    return json_is_string(value) && json_string_length(value) > 0 &&
           utf8_decode(json_string_value(value), json_string_length(value), ret_c) ==
               json_string_length(value);
}

enum status split_punctuation_read(void *into, const struct document *part, struct error *error)
{
    const struct delimiter delimiter = {.is_punctuation = true};
    const char *behavior = "Isolated";
    enum status status = document_get_string(part, "behavior", &behavior, error);

    return status ? status : add(into, delimiter, behavior, part, error);
}

enum status split_char_read(void *into, const struct document *part, struct error *error)
{
    struct delimiter delimiter = {.is_punctuation = false};

    if (!read_char(json_object_get(part->root, "delimiter"), &delimiter.c))
        return error_set(error, STATUS_INVALID, "%s: \"delimiter\" must be one character",
                         part->name);
    return add(into, delimiter, "Removed", part, error);
}

enum status split_string_read(void *into, const struct document *part, struct error *error)
{
    const json_t *pattern = json_object_get(part->root, "pattern");
    struct delimiter delimiter = {.is_punctuation = false};
    const char *behavior = "";
    bool invert = false;
    enum status status = document_get_string(part, "behavior", &behavior, error);

    if (!status)
        status = document_get_bool(part, "invert", &invert, error);
    if (!status && (invert || !read_char(json_object_get(pattern, "String"), &delimiter.c)))
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: a \"pattern\" that is a string must be one character, and "
                           "\"invert\" false",
                           part->name);
    return status ? status : add(into, delimiter, behavior, part, error);
}
