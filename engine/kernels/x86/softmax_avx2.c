/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/softmax.h"

#include "engine/kernels/x86/simd_avx2.h"

#include <math.h>

static inline float largest(const float *x, size_t n)
{
    const __m256 lowest = _mm256_set1_ps(-INFINITY);
    __m256 even = lowest, odd = lowest;
    size_t i;

    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        even = _mm256_max_ps(even, _mm256_loadu_ps(x + i));
        odd = _mm256_max_ps(odd, _mm256_loadu_ps(x + i + LANES));
    }
    for (; i < n; i += LANES) {
        const __m256i lanes = lanes_left(i, n);

        even = _mm256_max_ps(even, _mm256_blendv_ps(lowest, _mm256_maskload_ps(x + i, lanes),
                                                    _mm256_castsi256_ps(lanes)));
    }
    return largest_lane(_mm256_max_ps(even, odd));
}

/* e^(scale (x - top)), factor being scale log2(e). The difference is taken first: it is nearly
 * exact however large the scores, and zero for the largest. */
static inline __m256 power(__m256 x, __m256 top, __m256 factor)
{
    return exp2_avx2(_mm256_mul_ps(_mm256_sub_ps(x, top), factor));
}

float softmax_row_avx2(float *x, size_t n, float scale)
{
    const __m256 factor = _mm256_set1_ps(scale * (float)M_LOG2E);
    const __m256 top = _mm256_set1_ps(largest(x, n));
    __m256 even = _mm256_setzero_ps(), odd = even;
    size_t i;

    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        const __m256 a = power(_mm256_loadu_ps(x + i), top, factor);
        const __m256 b = power(_mm256_loadu_ps(x + i + LANES), top, factor);

        _mm256_storeu_ps(x + i, a);
        _mm256_storeu_ps(x + i + LANES, b);
        even = _mm256_add_ps(even, a);
        odd = _mm256_add_ps(odd, b);
    }
    for (; i < n; i += LANES) {
        const __m256i lanes = lanes_left(i, n);
        const __m256 a = power(_mm256_maskload_ps(x + i, lanes), top, factor);

        _mm256_maskstore_ps(x + i, lanes, a);
        even = _mm256_add_ps(even, _mm256_and_ps(a, _mm256_castsi256_ps(lanes)));
    }
    return sum_lanes(_mm256_add_ps(even, odd));
}
