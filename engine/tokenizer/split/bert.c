/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/split/split.h"

static bool take(struct stage *stage, const struct normal_char *normal)
{
    if (normal->kind.flags & CODE_POINT_SPACE)
        return stage_put_end(stage);
    if (normal->kind.flags & CODE_POINT_PUNCTUATION)
        return stage_put_end(stage) && stage_put(stage, normal) && stage_put_end(stage);
    return stage_put(stage, normal);
}

static const struct stage_type type = {take, stage_put_end, .ascii_is_separate = true};

enum status split_add_bert(struct chain *chain, struct error *error)
{
    return chain_add(chain, &type, 0, NULL, error);
}

enum status split_bert_read(void *into, const struct document *part, struct error *error)
{
    (void)part;
    return split_add_bert(into, error);
}
