/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/simd_avx2.h"

#include <math.h>

/* Sums are kept in four vectors, so that one addition need not wait for the one before. */
enum { N_SUMS = 4, GROUP = N_SUMS * LANES };

static inline float mean_square(const float *x, size_t n)
{
    __m256 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++) {
            const __m256 values = _mm256_loadu_ps(x + i + j * LANES);

            sums[j] = _mm256_fmadd_ps(values, values, sums[j]);
        }
    for (; i < n; i += LANES) {
        const __m256 values = load_floats(x + i, n - i);

        sums[0] = _mm256_fmadd_ps(values, values, sums[0]);
    }
    return sum_lanes(
               _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3]))) /
           (float)n;
}

void rms_norm_avx2(float *x, const float *gamma, float eps, size_t n_rows, size_t n)
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        const __m256 scale = _mm256_set1_ps(1 / sqrtf(mean_square(x, n) + eps));

        for (size_t i = 0; i < n; i += LANES)
            store_floats(x + i, n - i,
                         _mm256_mul_ps(_mm256_mul_ps(load_floats(x + i, n - i), scale),
                                       load_floats(gamma + i, n - i)));
    }
}
