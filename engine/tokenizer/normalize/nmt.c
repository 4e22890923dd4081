/* SPDX-License-Identifier: Apache-2.0 */

/* "Nmt": control characters dropped, and what is white space to it made a space. */
#include "engine/tokenizer/normalize/normalize.h"

static bool is_dropped(uint32_t c)
{
    return (c >= 0x1 && c <= 0x8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f ||
           c == 0x8f || c == 0x9f;
}

static bool is_space(uint32_t c)
{
    return c == 0x9 || c == 0xa || c == 0xc || c == 0xd || c == 0x1680 ||
           (c >= 0x200b && c <= 0x200f) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
           c == 0xfeff || c == 0xfffd;
}

static bool take(struct stage *stage, const struct normal_char *normal)
{
    struct normal_char space;

    if (is_dropped(normal->c))
        return true;
    if (!is_space(normal->c))
        return stage_put(stage, normal);
    space = normal_char_with(normal, ' ');
    return stage_put(stage, &space);
}

static const struct stage_type type = {take, stage_put_end, .ascii_is_separate = true};

enum status normalize_nmt_read(void *into, const struct document *part, struct error *error)
{
    (void)part;
    return chain_add(into, &type, 0, NULL, error);
}
