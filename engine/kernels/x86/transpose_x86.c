/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/transpose_x86.h"

#include <immintrin.h>

/* to[0 .. 3] of each of n rows = transposed from[4, n], in squares of 4 x 4. Wider squares gain
 * nothing: loads and stores are what is waited for. */
static void transpose_4(const float *from, size_t stride, size_t n, float *to, size_t width)
{
    size_t i;

    for (i = 0; i + 4 <= n; i += 4) {
        __m128 a = _mm_loadu_ps(from + i);
        __m128 b = _mm_loadu_ps(from + i + stride);
        __m128 c = _mm_loadu_ps(from + i + 2 * stride);
        __m128 d = _mm_loadu_ps(from + i + 3 * stride);

        _MM_TRANSPOSE4_PS(a, b, c, d);
        _mm_storeu_ps(to + i * width, a);
        _mm_storeu_ps(to + (i + 1) * width, b);
        _mm_storeu_ps(to + (i + 2) * width, c);
        _mm_storeu_ps(to + (i + 3) * width, d);
    }
    for (; i < n; i++)
        for (size_t j = 0; j < 4; j++)
            to[i * width + j] = from[j * stride + i];
}

void transpose_x86(const float *from, size_t stride, size_t n_rows, size_t n, float *to,
                   size_t width)
{
    size_t row;

    for (row = 0; row + 4 <= n_rows; row += 4)
        transpose_4(from + row * stride, stride, n, to + row, width);
    if (row == width)
        return;
    for (size_t i = 0; i < n; i++)
        for (size_t j = row; j < width; j++)
            to[i * width + j] = j < n_rows ? from[j * stride + i] : 0;
}
