/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/transpose_x86.h"

#include "engine/kernels/transpose.h"

#include <immintrin.h>

static inline void transpose_square(const float *from, size_t stride, float *to, size_t width)
{
    __m128 a = _mm_loadu_ps(from);
    __m128 b = _mm_loadu_ps(from + stride);
    __m128 c = _mm_loadu_ps(from + 2 * stride);
    __m128 d = _mm_loadu_ps(from + 3 * stride);

    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + width, b);
    _mm_storeu_ps(to + 2 * width, c);
    _mm_storeu_ps(to + 3 * width, d);
}

void transpose_x86(const float *from, size_t stride, size_t n_rows, size_t n, float *to,
                   size_t width)
{
    transpose_by_squares(transpose_square, from, stride, n_rows, n, to, width);
}
