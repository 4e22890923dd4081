/* SPDX-License-Identifier: Apache-2.0 */

/* SentencePiece's way to write spaces: each becomes U+2581, one goes before a text that does not
 * begin with it, and a word begins at each. */
#include "engine/tokenizer/split/split.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { PREPENDS = 1, PREPENDS_FIRST = 2, SPLITS = 4 }; /* flags */
enum { IN_WORD = 1 };                                  /* the stage's state */

static bool take(struct stage *stage, const struct normal_char *normal)
{
    const uint32_t *replacement = stage->part->data;
    unsigned flags = stage->part->flags;
    struct normal_char mark;
    bool more = true;

    if (normal->c == ' ' || normal->c == *replacement) {
        if ((flags & SPLITS) && stage->state[0] == IN_WORD)
            more = stage_put_end(stage);
        stage->state[0] = IN_WORD;
        mark = normal_char_with(normal, *replacement);
        return more && stage_put(stage, &mark);
    }
    if (stage->state[0] != IN_WORD &&
        ((flags & PREPENDS) || ((flags & PREPENDS_FIRST) && normal->start == 0))) {
        mark = normal_char_with(normal, *replacement);
        more = stage_put(stage, &mark);
    }
    stage->state[0] = IN_WORD;
    return more && stage_put(stage, normal);
}

static bool end(struct stage *stage)
{
    stage->state[0] = 0;
    return stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = false};

/* Older files have "add_prefix_space" for "prepend_scheme". */
static enum status read_scheme(const struct document *part, unsigned *flags, struct error *error)
{
    bool add_prefix_space = true;
    const char *scheme = "always";
    enum status status = document_get_bool(part, "add_prefix_space", &add_prefix_space, error);

    if (!status)
        status = document_get_string(part, "prepend_scheme", &scheme, error);
    if (status || !add_prefix_space || strcmp(scheme, "never") == 0)
        return status;
    if (strcmp(scheme, "always") == 0)
        *flags |= PREPENDS;
    else if (strcmp(scheme, "first") == 0)
        *flags |= PREPENDS_FIRST;
    else
        return error_set(error, STATUS_INVALID,
                         "%s: \"prepend_scheme\" must be \"always\", \"first\" or \"never\", is "
                         "\"%.60s\"",
                         part->name, scheme);
    return STATUS_OK;
}

enum status split_metaspace_read(void *into, const struct document *part, struct error *error)
{
    const json_t *text = json_object_get(part->root, "replacement");
    const char *string = json_string_value(text);
    bool splits = true;
    unsigned flags = 0;
    enum status status = read_scheme(part, &flags, error);
    uint32_t *replacement;

    if (!status)
        status = document_get_bool(part, "split", &splits, error);
    if (!status)
        status = chain_grow(into, 2, error);
    if (status)
        return status;
    replacement = malloc(sizeof *replacement);
    if (!replacement)
        return STATUS_NO_MEMORY;
    if (!string || json_string_length(text) == 0 ||
        utf8_decode(string, json_string_length(text), replacement) != json_string_length(text)) {
        free(replacement);
        return error_set(error, STATUS_INVALID, "%s: \"replacement\" must be one character",
                         part->name);
    }
    return chain_add(into, &type, flags | (splits ? SPLITS : 0u), replacement, error);
}
