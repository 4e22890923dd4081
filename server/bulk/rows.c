/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/rows.h"

#include "server/api/embed/vector_json.h"

#include <stdio.h>
#include <string.h>

bool rows_parse_number(struct rows *rows, const char *name)
{
    if (strcmp(name, "float32") == 0 || strcmp(name, "float16") == 0) {
        rows->number = name[5] == '3' ? ROWS_FLOAT32 : ROWS_FLOAT16;
        return true;
    }
    rows->number = ROWS_PACKED;
    return pack_parse((struct slice){name, strlen(name)}, &rows->pack);
}

const char *rows_number_name(const struct rows *rows)
{
    static const char *const names[] = {"float32", "float16"};

    return rows->number == ROWS_PACKED ? pack_name(rows->pack) : names[rows->number];
}

static size_t count_columns(const struct rows *rows)
{
    return rows->number == ROWS_PACKED ? pack_count_bytes(rows->pack, rows->n_dims) : rows->n_dims;
}

size_t rows_count_bytes(const struct rows *rows)
{
    static const size_t sizes[] = {4, 2, 1};

    return count_columns(rows) * sizes[rows->number];
}

/* Half has 10 bits of fraction and exponents from -14; smaller numbers have fewer bits. */
uint16_t rows_round_to_half(float value)
{
    uint32_t bits;
    uint32_t sign;
    uint32_t result;
    uint32_t shift;
    uint32_t rest;

    memcpy(&bits, &value, sizeof(bits));
    sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits >= 0x7f800000)
        return (uint16_t)(sign | 0x7c00 | (bits > 0x7f800000 ? 0x200 : 0));
    if (bits < 0x33000000) /* at most half of the smallest, 2^-24 */
        return (uint16_t)sign;
    if (bits < 0x38800000) { /* 2^-14: below it the fraction is shifted further */
        shift = 126 - (bits >> 23);
        bits = (bits & 0x7fffff) | 0x800000;
    } else {
        shift = 13;
        bits -= 0x38000000; /* the exponent's bias, 127 to 15 */
    }
    result = bits >> shift;
    rest = bits & ((1u << shift) - 1);
    if (rest > 1u << (shift - 1) || (rest == 1u << (shift - 1) && (result & 1)))
        result++;
    return (uint16_t)(sign | (result < 0x7c00 ? result : 0x7c00));
}

static void append_array_row(const struct rows *rows, const float *vector, float scale,
                             struct buffer *to)
{
    char *bytes = buffer_reserve(to, rows_count_bytes(rows));

    if (!bytes)
        return;
    for (size_t i = 0; i < count_columns(rows); i++) {
        if (rows->number == ROWS_FLOAT32) {
            memcpy(bytes + 4 * i, &vector[i], 4);
        } else if (rows->number == ROWS_FLOAT16) {
            const uint16_t half = rows_round_to_half(vector[i]);

            memcpy(bytes + 2 * i, &half, 2);
        } else {
            bytes[i] = (char)pack_get_byte(rows->pack, vector, rows->n_dims, scale, i);
        }
    }
    to->len_bytes += rows_count_bytes(rows);
}

void rows_append(const struct rows *rows, const float *vector, float scale, struct slice id,
                 struct buffer *to)
{
    if (rows->is_npy) {
        append_array_row(rows, vector, scale, to);
        return;
    }
    buffer_append_string(to, "{\"id\":");
    buffer_append(to, id.bytes, id.len_bytes);
    buffer_append_string(to, ",\"embedding\":");
    if (rows->number == ROWS_PACKED)
        vector_json_packed(to, rows->pack, vector, rows->n_dims, scale);
    else
        vector_json_floats(to, vector, rows->n_dims);
    buffer_append_string(to, "}\n");
}

/* Version 1.0 of NumPy's format: a Python dictionary, filled up with blanks. */
void rows_write_header(const struct rows *rows, size_t n_rows, char to[ROWS_HEADER_BYTES])
{
    enum { PREFIX_BYTES = 10, DICTIONARY_BYTES = ROWS_HEADER_BYTES - PREFIX_BYTES };
    static const char prefix[PREFIX_BYTES] = {'\x93',           'N', 'U', 'M', 'P', 'Y', 1, 0,
                                              DICTIONARY_BYTES, 0};
    const bool is_signed = rows->pack == PACK_INT8 || rows->pack == PACK_BINARY;
    const char *type = rows->number == ROWS_FLOAT32   ? "<f4"
                       : rows->number == ROWS_FLOAT16 ? "<f2"
                       : is_signed                    ? "|i1"
                                                      : "|u1";
    int len;

    memcpy(to, prefix, PREFIX_BYTES);
    len = snprintf(to + PREFIX_BYTES, DICTIONARY_BYTES,
                   "{'descr': '%s', 'fortran_order': False, 'shape': (%zu, %zu), }", type, n_rows,
                   count_columns(rows));
    memset(to + PREFIX_BYTES + len, ' ', (size_t)(DICTIONARY_BYTES - len));
    to[ROWS_HEADER_BYTES - 1] = '\n';
}
