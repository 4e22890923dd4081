/* SPDX-License-Identifier: Apache-2.0 */

/* The first half of BERT's normalisation: what is dropped, and spaces around Han characters. */
#include "engine/tokenizer/normalize/normalize.h"

enum { CLEAN_TEXT = 1, SPLIT_HAN = 2 };

static bool take(struct stage *stage, const struct normal_char *normal)
{
    unsigned flags = stage->part->flags;
    struct normal_char space;

    if (flags & CLEAN_TEXT) {
        if (normal->kind.flags & CODE_POINT_CONTROL)
            return true;
        if (normal->kind.flags & CODE_POINT_SPACE) {
            space = normal_char_with(normal, ' ');
            return stage_put(stage, &space);
        }
    }
    if (!(flags & SPLIT_HAN) || !(normal->kind.flags & CODE_POINT_HAN))
        return stage_put(stage, normal);
    space = normal_char_with(normal, ' ');
    return stage_put(stage, &space) && stage_put(stage, normal) && stage_put(stage, &space);
}

static const struct stage_type type = {take, stage_put_end, .ascii_is_separate = true};

enum status normalize_add_clean(struct chain *chain, bool clean_text, bool split_han,
                                struct error *error)
{
    unsigned flags = (clean_text ? CLEAN_TEXT : 0u) | (split_han ? SPLIT_HAN : 0u);
    enum status status = chain_grow(chain, split_han ? 3 : 1, error);

    return status ? status : chain_add(chain, &type, flags, NULL, error);
}
