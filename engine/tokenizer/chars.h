/* SPDX-License-Identifier: Apache-2.0 */

/* A character on its way from a text to words, and a list of them. */
#ifndef NESTD_ENGINE_TOKENIZER_CHARS_H
#define NESTD_ENGINE_TOKENIZER_CHARS_H

#include "engine/tokenizer/unicode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A code point, and the bytes [start, stop) of the text that it stands for. */
struct normal_char {
    uint32_t c;
    struct code_point_kind kind;
    size_t start;
    size_t stop;
};

/* The same bytes, another code point. */
static inline struct normal_char normal_char_with(const struct normal_char *normal, uint32_t c)
{
    return (struct normal_char){c, unicode_kind(c), normal->start, normal->stop};
}

enum { FEW_CHARS = 16 };

/* Allocates nothing until there are more than FEW_CHARS. */
struct chars {
    struct normal_char *items; /* [n] */
    size_t n;
    size_t capacity;
    struct normal_char few[FEW_CHARS];
};

/* Does not fail, and does not touch `few`. */
void chars_init(struct chars *chars);
void chars_release(struct chars *chars);

/* False where there is no memory. */
bool chars_grow(struct chars *chars);

static inline bool chars_add(struct chars *chars, const struct normal_char *normal)
{
    if (chars->n == chars->capacity && !chars_grow(chars))
        return false;
    chars->items[chars->n++] = *normal;
    return true;
}

/* Takes the first n away. */
void chars_drop(struct chars *chars, size_t n);

#endif
