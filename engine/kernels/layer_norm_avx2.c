/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/layer_norm.h"

#include "engine/kernels/simd_avx2.h"

#include <math.h>

/* Sums are kept in four vectors, so that one addition need not wait for the one before. */
enum { N_SUMS = 4, GROUP = N_SUMS * LANES };

static inline float reduce(const __m256 *sums)
{
    return sum_lanes(
        _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3])));
}

/* One vector of x + bias + residual. */
static inline __m256 input(const float *x, const float *bias, const float *residual, size_t i)
{
    __m256 sum = _mm256_loadu_ps(x + i);

    if (bias)
        sum = _mm256_add_ps(sum, _mm256_loadu_ps(bias + i));
    if (residual)
        sum = _mm256_add_ps(sum, _mm256_loadu_ps(residual + i));
    return sum;
}

/* The same of the row's last lanes; the others are zero. */
static inline __m256 last_input(const float *x, const float *bias, const float *residual, size_t i,
                                __m256i lanes)
{
    __m256 sum = _mm256_maskload_ps(x + i, lanes);

    if (bias)
        sum = _mm256_add_ps(sum, _mm256_maskload_ps(bias + i, lanes));
    if (residual)
        sum = _mm256_add_ps(sum, _mm256_maskload_ps(residual + i, lanes));
    return sum;
}

/* Stores the row's inputs in y and gives their mean. */
static inline float add_inputs(const float *x, const float *bias, const float *residual, size_t n,
                               float *y)
{
    __m256 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++) {
            const __m256 sum = input(x, bias, residual, i + j * LANES);

            _mm256_storeu_ps(y + i + j * LANES, sum);
            sums[j] = _mm256_add_ps(sums[j], sum);
        }
    for (; i < n; i += LANES) {
        const __m256i lanes = lanes_left(i, n);
        const __m256 sum = last_input(x, bias, residual, i, lanes);

        _mm256_maskstore_ps(y + i, lanes, sum);
        sums[0] = _mm256_add_ps(sums[0], sum);
    }
    return reduce(sums) / (float)n;
}

static inline float variance(const float *y, size_t n, float row_mean)
{
    const __m256 mean = _mm256_set1_ps(row_mean);
    __m256 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++) {
            const __m256 distance = _mm256_sub_ps(_mm256_loadu_ps(y + i + j * LANES), mean);

            sums[j] = _mm256_fmadd_ps(distance, distance, sums[j]);
        }
    for (; i < n; i += LANES) {
        const __m256i lanes = lanes_left(i, n);
        const __m256 distance = _mm256_and_ps(_mm256_sub_ps(_mm256_maskload_ps(y + i, lanes), mean),
                                              _mm256_castsi256_ps(lanes));

        sums[0] = _mm256_fmadd_ps(distance, distance, sums[0]);
    }
    return reduce(sums) / (float)n;
}

static inline void scale_and_shift(float *y, const float *gamma, const float *beta, size_t n,
                                   float row_mean, float row_scale)
{
    const __m256 mean = _mm256_set1_ps(row_mean);
    const __m256 scale = _mm256_set1_ps(row_scale);
    size_t i;

    for (i = 0; i + LANES <= n; i += LANES) {
        const __m256 distance = _mm256_sub_ps(_mm256_loadu_ps(y + i), mean);

        _mm256_storeu_ps(y + i,
                         _mm256_fmadd_ps(_mm256_mul_ps(distance, scale), _mm256_loadu_ps(gamma + i),
                                         _mm256_loadu_ps(beta + i)));
    }
    if (i < n) {
        const __m256i lanes = lanes_left(i, n);
        const __m256 distance = _mm256_sub_ps(_mm256_maskload_ps(y + i, lanes), mean);

        _mm256_maskstore_ps(y + i, lanes,
                            _mm256_fmadd_ps(_mm256_mul_ps(distance, scale),
                                            _mm256_maskload_ps(gamma + i, lanes),
                                            _mm256_maskload_ps(beta + i, lanes)));
    }
}

void layer_norm_avx2(const float *x, const float *bias, const float *residual, const float *gamma,
                     const float *beta, float eps, size_t n_rows, size_t n, float *y)
{
    for (size_t row = 0; row < n_rows; row++) {
        const size_t at = row * n;
        const float mean = add_inputs(x + at, bias, residual ? residual + at : NULL, n, y + at);
        const float scale = 1 / sqrtf(variance(y + at, n, mean) + eps);

        scale_and_shift(y + at, gamma, beta, n, mean, scale);
    }
}
