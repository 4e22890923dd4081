/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/vector_json.h"

#include "server/text/base64.h"
#include "server/text/number.h"

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "vector_json_base64 sends float32 as they are in memory, which must be little-endian"
#endif

/* ---- sizes ---- */

/* A list of n_items, each with its comma, and the brackets. SIZE_MAX, which buffer_reserve refuses,
 * if that overflows. */
static size_t list_bytes(size_t n_items, size_t item_bytes, size_t more_bytes)
{
    size_t len_bytes;

    if (__builtin_mul_overflow(n_items, item_bytes + 1, &len_bytes) ||
        __builtin_add_overflow(len_bytes, 2 + more_bytes, &len_bytes))
        return SIZE_MAX;
    return len_bytes;
}

/* The last number needs more space while it is written. */
size_t vector_json_floats_max_bytes(size_t n_values)
{
    return list_bytes(n_values, NUMBER_FLOAT_MAX_CHARS, NUMBER_FLOAT_BYTES);
}

size_t vector_json_base64_max_bytes(size_t n_values)
{
    return base64_length(n_values * sizeof(float)) + 2; /* fits: they are in memory */
}

size_t vector_json_packed_max_bytes(enum pack pack, size_t n_values)
{
    return list_bytes(pack_count_bytes(pack, n_values), sizeof("-128") - 1, 0);
}

/* The bytes are kept behind the space for their base64. */
size_t vector_json_packed_base64_max_bytes(enum pack pack, size_t n_values)
{
    size_t n_bytes = pack_count_bytes(pack, n_values);

    return base64_length(n_bytes) + 2 + n_bytes; /* fits: at most one byte per float32 */
}

size_t vector_json_indices_max_bytes(size_t n_indices)
{
    return list_bytes(n_indices, NUMBER_U64_BYTES, 0);
}

/* ---- writing ---- */

void vector_json_floats(struct buffer *buffer, const float *values, size_t n_values)
{
    char *start = buffer_reserve(buffer, vector_json_floats_max_bytes(n_values));
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
    buffer->len_bytes += (size_t)(to - start);
}

void vector_json_base64(struct buffer *buffer, const float *values, size_t n_values)
{
    char *start = buffer_reserve(buffer, vector_json_base64_max_bytes(n_values));
    char *to = start;

    if (!start)
        return;
    *to++ = '"';
    to = base64_write(to, values, n_values * sizeof(*values));
    *to++ = '"';
    buffer->len_bytes += (size_t)(to - start);
}

void vector_json_packed(struct buffer *buffer, enum pack pack, const float *values, size_t n_values,
                        float scale)
{
    size_t n_bytes = pack_count_bytes(pack, n_values);
    char *start = buffer_reserve(buffer, vector_json_packed_max_bytes(pack, n_values));
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
    buffer->len_bytes += (size_t)(to - start);
}

void vector_json_packed_base64(struct buffer *buffer, enum pack pack, const float *values,
                               size_t n_values, float scale)
{
    size_t n_bytes = pack_count_bytes(pack, n_values);
    size_t max_bytes = vector_json_packed_base64_max_bytes(pack, n_values);
    char *start = buffer_reserve(buffer, max_bytes);
    unsigned char *bytes;
    char *to = start;

    if (!start)
        return;
    bytes = (unsigned char *)start + max_bytes - n_bytes;
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = (unsigned char)pack_get_byte(pack, values, n_values, scale, i);
    *to++ = '"';
    to = base64_write(to, bytes, n_bytes);
    *to++ = '"';
    buffer->len_bytes += (size_t)(to - start);
}

void vector_json_indices(struct buffer *buffer, const size_t *indices, size_t n_indices)
{
    char *start = buffer_reserve(buffer, vector_json_indices_max_bytes(n_indices));
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
    buffer->len_bytes += (size_t)(to - start);
}
