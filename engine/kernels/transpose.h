/* SPDX-License-Identifier: Apache-2.0 */

/* The transposition for attention_tiled(), written once for all vectors of four floats. Wider
 * squares gain nothing: loads and stores are what is waited for. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_TRANSPOSE_H
#define NESTD_ENGINE_KERNELS_TRANSPOSE_H

#include <stddef.h>

enum { TRANSPOSE_SQUARE = 4 };

/* to[4, 4] = transposed from[4, 4]: `stride` floats between from's rows, `width` between to's. */
typedef void transpose_square_fn(const float *from, size_t stride, float *to, size_t width);

/* to[0 .. 3] of each of n rows = transposed from[4, n] */
static inline __attribute__((always_inline)) void transpose_strip(transpose_square_fn *square,
                                                                  const float *from, size_t stride,
                                                                  size_t n, float *to, size_t width)
{
    size_t i;

    for (i = 0; i + TRANSPOSE_SQUARE <= n; i += TRANSPOSE_SQUARE)
        square(from + i, stride, to + i * width, width);
    for (; i < n; i++)
        for (size_t j = 0; j < TRANSPOSE_SQUARE; j++)
            to[i * width + j] = from[j * stride + i];
}

/* to[n, width] = transposed from[n_rows, n], then zeros; `stride` floats between from's rows,
 * n_rows at most width, which is whole squares. `square` is known where this is inlined. */
static inline __attribute__((always_inline)) void
transpose_by_squares(transpose_square_fn *square, const float *from, size_t stride, size_t n_rows,
                     size_t n, float *to, size_t width)
{
    size_t row;

    for (row = 0; row + TRANSPOSE_SQUARE <= n_rows; row += TRANSPOSE_SQUARE)
        transpose_strip(square, from + row * stride, stride, n, to + row, width);
    if (row == width)
        return;
    for (size_t i = 0; i < n; i++)
        for (size_t j = row; j < width; j++)
            to[i * width + j] = j < n_rows ? from[j * stride + i] : 0;
}

#endif
