/* SPDX-License-Identifier: Apache-2.0 */
#include "server/encode.h"

#include "server/base64.h"
#include "server/number.h"

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "encode_base64 sends the float32 of memory as they are, which must be little-endian"
#endif

/* Room for a list of so many items, each with its comma, and the brackets. */
static char *reserve(struct text *text, size_t n_items, size_t item_bytes)
{
    size_t len_bytes;

    if (__builtin_mul_overflow(n_items, item_bytes, &len_bytes) ||
        __builtin_add_overflow(len_bytes, 2, &len_bytes))
        len_bytes = SIZE_MAX; /* which text_reserve refuses */
    return text_reserve(text, len_bytes);
}

void encode_floats(struct text *text, const float *values, size_t n_values)
{
    char *start = reserve(text, n_values, NUMBER_FLOAT_BYTES + 1);
    char *to = start;

    if (!start)
        return;
    *to++ = '[';
    for (size_t i = 0; i < n_values; i++) {
        if (i > 0)
            *to++ = ',';
        to = number_write_float(to, values[i]);
    }
    *to++ = ']';
    text->len_bytes += (size_t)(to - start);
}

void encode_base64(struct text *text, const float *values, size_t n_values)
{
    size_t len_bytes = n_values * sizeof(*values); /* fits: they are in memory */
    char *start = text_reserve(text, base64_length(len_bytes) + 2);
    char *to = start;

    if (!start)
        return;
    *to++ = '"';
    to = base64_write(to, values, len_bytes);
    *to++ = '"';
    text->len_bytes += (size_t)(to - start);
}

void encode_packed(struct text *text, enum pack pack, const float *values, size_t n_values,
                   float scale)
{
    size_t n_bytes = pack_count_bytes(pack, n_values);
    char *start = reserve(text, n_bytes, sizeof("-128,") - 1);
    char *to = start;

    if (!start)
        return;
    *to++ = '[';
    for (size_t i = 0; i < n_bytes; i++) {
        if (i > 0)
            *to++ = ',';
        to = number_write_i64(to, pack_get_byte(pack, values, n_values, scale, i));
    }
    *to++ = ']';
    text->len_bytes += (size_t)(to - start);
}

/* The bytes stand behind the room for their base64 until they are written. */
void encode_packed_base64(struct text *text, enum pack pack, const float *values, size_t n_values,
                          float scale)
{
    size_t n_bytes = pack_count_bytes(pack, n_values);
    size_t most_bytes = base64_length(n_bytes) + 2; /* fits: a byte a float32 at most */
    char *start = text_reserve(text, most_bytes + n_bytes);
    unsigned char *bytes;
    char *to = start;

    if (!start)
        return;
    bytes = (unsigned char *)start + most_bytes;
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = (unsigned char)pack_get_byte(pack, values, n_values, scale, i);
    *to++ = '"';
    to = base64_write(to, bytes, n_bytes);
    *to++ = '"';
    text->len_bytes += (size_t)(to - start);
}

void encode_indices(struct text *text, const size_t *indices, size_t n_indices)
{
    char *start = reserve(text, n_indices, NUMBER_U64_BYTES + 1);
    char *to = start;

    if (!start)
        return;
    *to++ = '[';
    for (size_t i = 0; i < n_indices; i++) {
        if (i > 0)
            *to++ = ',';
        to = number_write_u64(to, indices[i]);
    }
    *to++ = ']';
    text->len_bytes += (size_t)(to - start);
}
