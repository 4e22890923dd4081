/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/softmax.h"

#include "engine/kernels/simd_avx512.h"

#include <math.h>

static inline float largest(const float *x, size_t n)
{
    const __m512 lowest = _mm512_set1_ps(-INFINITY);
    __m512 even = lowest, odd = lowest;
    size_t i;

    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        even = _mm512_max_ps(even, _mm512_loadu_ps(x + i));
        odd = _mm512_max_ps(odd, _mm512_loadu_ps(x + i + LANES));
    }
    for (; i < n; i += LANES)
        even = _mm512_max_ps(even, _mm512_mask_loadu_ps(lowest, lanes_left(i, n), x + i));
    return _mm512_reduce_max_ps(_mm512_max_ps(even, odd));
}

/* e^(scale (x - top)), factor being scale log2(e). The difference is taken first: it is nearly
 * exact however large the scores, and zero for the largest. */
static inline __m512 power(__m512 x, __m512 top, __m512 factor)
{
    return exp2_avx512(_mm512_mul_ps(_mm512_sub_ps(x, top), factor));
}

float softmax_row_avx512(float *x, size_t n, float scale)
{
    const __m512 factor = _mm512_set1_ps(scale * (float)M_LOG2E);
    const __m512 top = _mm512_set1_ps(largest(x, n));
    __m512 even = _mm512_setzero_ps(), odd = even;
    size_t i;

    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        const __m512 a = power(_mm512_loadu_ps(x + i), top, factor);
        const __m512 b = power(_mm512_loadu_ps(x + i + LANES), top, factor);

        _mm512_storeu_ps(x + i, a);
        _mm512_storeu_ps(x + i + LANES, b);
        even = _mm512_add_ps(even, a);
        odd = _mm512_add_ps(odd, b);
    }
    for (; i < n; i += LANES) {
        const __mmask16 lanes = lanes_left(i, n);
        const __m512 a = power(_mm512_maskz_loadu_ps(lanes, x + i), top, factor);

        _mm512_mask_storeu_ps(x + i, lanes, a);
        even = _mm512_mask_add_ps(even, lanes, even, a);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
}
