/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/attention_panels.h"

#include <string.h>

void attention_pack_keys(const struct attention_tiles *tiles, const float *k, size_t stride,
                         size_t n_keys, size_t head_size, float *keys)
{
    const size_t width = tiles->width;

    for (size_t i = 0; i < n_keys; i += width) {
        const size_t n = n_keys - i < width ? n_keys - i : width;

        tiles->transpose(k + i * stride, stride, n, head_size, keys + i * head_size, width);
    }
}

void attention_pack_queries(const float *q, size_t stride, size_t n_rows, size_t n_rows_padded,
                            size_t head_size, float *queries)
{
    for (size_t i = 0; i < n_rows_padded; i++) {
        const float *row = q + (i < n_rows ? i : n_rows - 1) * stride;

        memcpy(queries + i * head_size, row, head_size * sizeof *row);
    }
}

void attention_multiply(const struct attention_tiles *tiles, const float *queries, size_t n_rows,
                        const float *keys, size_t begin, size_t end, size_t head_size, float *c,
                        size_t c_stride)
{
    for (size_t j = begin; j < end; j += tiles->width)
        for (size_t i = 0; i < n_rows; i += tiles->n_rows)
            tiles->multiply(queries + i * head_size, head_size, keys + j * head_size, head_size,
                            c + i * c_stride + j, c_stride);
}
