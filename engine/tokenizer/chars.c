/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/chars.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

void chars_init(struct chars *chars)
{
    chars->items = chars->few;
    chars->n = 0;
    chars->capacity = FEW_CHARS;
}

void chars_release(struct chars *chars)
{
    if (chars->items != chars->few)
        free(chars->items);
    chars_init(chars);
}

bool chars_grow(struct chars *chars)
{
    struct normal_char *old = chars->items == chars->few ? NULL : chars->items;
    struct normal_char *items;

    if (chars->capacity > SIZE_MAX / 2)
        return false;
    items = reallocarray(old, chars->capacity * 2, sizeof *items);
    if (!items)
        return false;
    if (!old)
        memcpy(items, chars->few, chars->n * sizeof *items);
    chars->items = items;
    chars->capacity *= 2;
    return true;
}

void chars_drop(struct chars *chars, size_t n)
{
    chars->n -= n;
    memmove(chars->items, chars->items + n, chars->n * sizeof *chars->items);
}
