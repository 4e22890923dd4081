/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/layer_norm.h"

#include "engine/kernels/simd_avx512.h"

#include <math.h>

/* Sums are kept in four vectors, so that one addition need not wait for the one before. */
enum { N_SUMS = 4, GROUP = N_SUMS * LANES };

static inline float reduce(const __m512 *sums)
{
    return _mm512_reduce_add_ps(
        _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
}

/* One vector of x + bias + residual. */
static inline __m512 input(const float *x, const float *bias, const float *residual, size_t i,
                           __mmask16 lanes)
{
    __m512 sum = _mm512_maskz_loadu_ps(lanes, x + i);

    if (bias)
        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, bias + i));
    if (residual)
        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, residual + i));
    return sum;
}

/* Stores the row's inputs in y and gives their mean. */
static inline float add_inputs(const float *x, const float *bias, const float *residual, size_t n,
                               float *y)
{
    __m512 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++) {
            const __m512 sum = input(x, bias, residual, i + j * LANES, 0xffff);

            _mm512_storeu_ps(y + i + j * LANES, sum);
            sums[j] = _mm512_add_ps(sums[j], sum);
        }
    for (; i < n; i += LANES) {
        const __mmask16 lanes = lanes_left(i, n);
        const __m512 sum = input(x, bias, residual, i, lanes);

        _mm512_mask_storeu_ps(y + i, lanes, sum);
        sums[0] = _mm512_add_ps(sums[0], sum);
    }
    return reduce(sums) / (float)n;
}

static inline float variance(const float *y, size_t n, float row_mean)
{
    const __m512 mean = _mm512_set1_ps(row_mean);
    __m512 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++) {
            const __m512 distance = _mm512_sub_ps(_mm512_loadu_ps(y + i + j * LANES), mean);

            sums[j] = _mm512_fmadd_ps(distance, distance, sums[j]);
        }
    for (; i < n; i += LANES) {
        const __mmask16 lanes = lanes_left(i, n);
        const __m512 distance =
            _mm512_maskz_sub_ps(lanes, _mm512_maskz_loadu_ps(lanes, y + i), mean);

        sums[0] = _mm512_fmadd_ps(distance, distance, sums[0]);
    }
    return reduce(sums) / (float)n;
}

static inline void scale_and_shift(float *y, const float *gamma, const float *beta, size_t n,
                                   float row_mean, float row_scale)
{
    const __m512 mean = _mm512_set1_ps(row_mean);
    const __m512 scale = _mm512_set1_ps(row_scale);

    size_t i;

    for (i = 0; i + LANES <= n; i += LANES) {
        const __m512 distance = _mm512_sub_ps(_mm512_loadu_ps(y + i), mean);

        _mm512_storeu_ps(y + i,
                         _mm512_fmadd_ps(_mm512_mul_ps(distance, scale), _mm512_loadu_ps(gamma + i),
                                         _mm512_loadu_ps(beta + i)));
    }
    if (i < n) {
        const __mmask16 lanes = lanes_left(i, n);
        const __m512 distance = _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, y + i), mean);

        _mm512_mask_storeu_ps(y + i, lanes,
                              _mm512_fmadd_ps(_mm512_mul_ps(distance, scale),
                                              _mm512_maskz_loadu_ps(lanes, gamma + i),
                                              _mm512_maskz_loadu_ps(lanes, beta + i)));
    }
}

void layer_norm_avx512(const float *x, const float *bias, const float *residual, const float *gamma,
                       const float *beta, float eps, size_t n_rows, size_t n, float *y)
{
    for (size_t row = 0; row < n_rows; row++) {
        const size_t at = row * n;
        const float mean = add_inputs(x + at, bias, residual ? residual + at : NULL, n, y + at);
        const float scale = 1 / sqrtf(variance(y + at, n, mean) + eps);

        scale_and_shift(y + at, gamma, beta, n, mean, scale);
    }
}
