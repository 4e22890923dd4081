/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/simd_avx2.h"

#include <math.h>

/* Sums are kept in four vectors, so that one addition need not wait for the one before. */
enum { N_SUMS = 4, GROUP = N_SUMS * LANES };

static inline float reduce(const __m256 *sums)
{
    return sum_lanes(
        _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3])));
}

static inline float mean(const float *x, size_t n)
{
    __m256 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++)
            sums[j] = _mm256_add_ps(sums[j], _mm256_loadu_ps(x + i + j * LANES));
    for (; i < n; i += LANES)
        sums[0] = _mm256_add_ps(sums[0], load_floats(x + i, n - i));
    return reduce(sums) / (float)n;
}

static inline float variance(const float *x, size_t n, float row_mean)
{
    const __m256 centre = _mm256_set1_ps(row_mean);
    __m256 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++) {
            const __m256 distance = _mm256_sub_ps(_mm256_loadu_ps(x + i + j * LANES), centre);

            sums[j] = _mm256_fmadd_ps(distance, distance, sums[j]);
        }
    for (; i < n; i += LANES) {
        const __m256i lanes = lanes_left(i, n);
        const __m256 distance = _mm256_and_ps(
            _mm256_sub_ps(_mm256_maskload_ps(x + i, lanes), centre), _mm256_castsi256_ps(lanes));

        sums[0] = _mm256_fmadd_ps(distance, distance, sums[0]);
    }
    return reduce(sums) / (float)n;
}

static inline void scale_and_shift(float *x, const float *gamma, const float *beta, size_t n,
                                   float row_mean, float row_scale)
{
    const __m256 centre = _mm256_set1_ps(row_mean);
    const __m256 scale = _mm256_set1_ps(row_scale);
    size_t i;

    for (i = 0; i + LANES <= n; i += LANES) {
        const __m256 distance = _mm256_sub_ps(_mm256_loadu_ps(x + i), centre);

        _mm256_storeu_ps(x + i,
                         _mm256_fmadd_ps(_mm256_mul_ps(distance, scale), _mm256_loadu_ps(gamma + i),
                                         _mm256_loadu_ps(beta + i)));
    }
    if (i < n) {
        const __m256i lanes = lanes_left(i, n);
        const __m256 distance = _mm256_sub_ps(_mm256_maskload_ps(x + i, lanes), centre);

        _mm256_maskstore_ps(x + i, lanes,
                            _mm256_fmadd_ps(_mm256_mul_ps(distance, scale),
                                            _mm256_maskload_ps(gamma + i, lanes),
                                            _mm256_maskload_ps(beta + i, lanes)));
    }
}

void layer_norm_avx2(float *x, const float *gamma, const float *beta, float eps, size_t n_rows,
                     size_t n)
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        const float row_mean = mean(x, n);
        const float row_scale = 1 / sqrtf(variance(x, n, row_mean) + eps);

        scale_and_shift(x, gamma, beta, n, row_mean, row_scale);
    }
}
