/* SPDX-License-Identifier: Apache-2.0 */

/* SentencePiece's way to write spaces: each becomes U+2581, one goes before a text that does not
 * begin with it, and a word begins at each. */
#include "engine/tokenizer/split/split.h"

#include "engine/tokenizer/part_table.h"

#include <stdlib.h>

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

enum status split_metaspace_read(void *into, const struct document *part, struct error *error)
{
    struct metaspace metaspace;
    unsigned flags = 0;
    enum status status = part_read_metaspace(&metaspace, part, error);
    uint32_t *replacement;

    if (!status)
        status = chain_grow(into, 2, error);
    if (status)
        return status;
    replacement = malloc(sizeof *replacement);
    if (!replacement)
        return STATUS_NO_MEMORY;
    *replacement = metaspace.replacement;
    if (metaspace.prepends)
        flags = metaspace.first_only ? PREPENDS_FIRST : PREPENDS;
    return chain_add(into, &type, flags | (metaspace.splits ? SPLITS : 0u), replacement, error);
}
