/* SPDX-License-Identifier: Apache-2.0 */

/* White space stripped at either end of a text. */
#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/part_table.h"

enum { LEFT = 1, RIGHT = 2 };

/* The stage's state is 1 once there was something else than white space. White space is held where
 * it may be at the end. */
static bool take(struct stage *stage, const struct normal_char *normal)
{
    struct chars *held = &stage->held;
    bool more = true;

    if (normal->kind.flags & CODE_POINT_SPACE) {
        if ((stage->part->flags & LEFT) && stage->state[0] == 0)
            return true;
        return stage->part->flags & RIGHT ? stage_hold(stage, normal) : stage_put(stage, normal);
    }
    stage->state[0] = 1;
    for (size_t i = 0; i < held->n && more; i++)
        more = stage_put(stage, &held->items[i]);
    held->n = 0;
    return more && stage_put(stage, normal);
}

static bool end(struct stage *stage)
{
    stage->state[0] = 0;
    stage->held.n = 0;
    return stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = false};

enum status normalize_strip_read(void *into, const struct document *part, struct error *error)
{
    static const char *const needed[] = {"strip_left", "strip_right"};
    bool left = false;
    bool right = false;
    enum status status = part_require(part, needed, 2, error);

    if (!status)
        status = document_get_bool(part, "strip_left", &left, error);
    if (!status)
        status = document_get_bool(part, "strip_right", &right, error);
    if (status)
        return status;
    return chain_add(into, &type, (left ? LEFT : 0u) | (right ? RIGHT : 0u), NULL, error);
}
