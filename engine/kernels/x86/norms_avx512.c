/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/simd_avx512.h"

#include <math.h>

/* Sums are kept in four vectors, so that one addition need not wait for the one before. */
enum { N_SUMS = 4, GROUP = N_SUMS * LANES };

static inline float reduce(const __m512 *sums)
{
    return _mm512_reduce_add_ps(
        _mm512_add_ps(_mm512_add_ps(sums[0], sums[1]), _mm512_add_ps(sums[2], sums[3])));
}

static inline float mean(const float *x, size_t n)
{
    __m512 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++)
            sums[j] = _mm512_add_ps(sums[j], _mm512_loadu_ps(x + i + j * LANES));
    for (; i < n; i += LANES)
        sums[0] = _mm512_add_ps(sums[0], _mm512_maskz_loadu_ps(lanes_left(i, n), x + i));
    return reduce(sums) / (float)n;
}

static inline float variance(const float *x, size_t n, float row_mean)
{
    const __m512 centre = _mm512_set1_ps(row_mean);
    __m512 sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++) {
            const __m512 distance = _mm512_sub_ps(_mm512_loadu_ps(x + i + j * LANES), centre);

            sums[j] = _mm512_fmadd_ps(distance, distance, sums[j]);
        }
    for (; i < n; i += LANES) {
        const __mmask16 lanes = lanes_left(i, n);
        const __m512 distance =
            _mm512_maskz_sub_ps(lanes, _mm512_maskz_loadu_ps(lanes, x + i), centre);

        sums[0] = _mm512_fmadd_ps(distance, distance, sums[0]);
    }
    return reduce(sums) / (float)n;
}

static inline void scale_and_shift(float *x, const float *gamma, const float *beta, size_t n,
                                   float row_mean, float row_scale)
{
    const __m512 centre = _mm512_set1_ps(row_mean);
    const __m512 scale = _mm512_set1_ps(row_scale);

    size_t i;

    for (i = 0; i + LANES <= n; i += LANES) {
        const __m512 distance = _mm512_sub_ps(_mm512_loadu_ps(x + i), centre);

        _mm512_storeu_ps(x + i,
                         _mm512_fmadd_ps(_mm512_mul_ps(distance, scale), _mm512_loadu_ps(gamma + i),
                                         _mm512_loadu_ps(beta + i)));
    }
    if (i < n) {
        const __mmask16 lanes = lanes_left(i, n);
        const __m512 distance = _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, x + i), centre);

        _mm512_mask_storeu_ps(x + i, lanes,
                              _mm512_fmadd_ps(_mm512_mul_ps(distance, scale),
                                              _mm512_maskz_loadu_ps(lanes, gamma + i),
                                              _mm512_maskz_loadu_ps(lanes, beta + i)));
    }
}

void layer_norm_avx512(float *x, const float *gamma, const float *beta, float eps, size_t n_rows,
                       size_t n)
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        const float row_mean = mean(x, n);
        const float row_scale = 1 / sqrtf(variance(x, n, row_mean) + eps);

        scale_and_shift(x, gamma, beta, n, row_mean, row_scale);
    }
}

/* ---- RMS norm: squares are added up in AVX2's order, so that the bits are the same; a vector here
 * is two of its vectors ---- */

enum { HALF_LANES = LANES / 2, N_PAIRS = 2, PAIRS_GROUP = N_PAIRS * LANES };

static inline __m256 lower_half(__m512 x)
{
    return _mm512_castps512_ps256(x);
}

static inline __m256 upper_half(__m512 x)
{
    return _mm512_extractf32x8_ps(x, 1);
}

static inline float sum_half_lanes(__m256 x)
{
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    sum = _mm_add_ss(sum, _mm_movehdup_ps(sum));
    return _mm_cvtss_f32(sum);
}

static inline float mean_square(const float *x, size_t n)
{
    __m512 sums[N_PAIRS] = {0};
    __m256 first, others;
    size_t i;

    for (i = 0; i + PAIRS_GROUP <= n; i += PAIRS_GROUP)
        for (size_t j = 0; j < N_PAIRS; j++) {
            const __m512 values = _mm512_loadu_ps(x + i + j * LANES);

            sums[j] = _mm512_fmadd_ps(values, values, sums[j]);
        }
    first = lower_half(sums[0]);
    for (; i < n; i += HALF_LANES) {
        const __m256 values = _mm256_maskz_loadu_ps((__mmask8)lanes_left(i, n), x + i);

        first = _mm256_fmadd_ps(values, values, first);
    }
    first = _mm256_add_ps(first, upper_half(sums[0]));
    others = _mm256_add_ps(lower_half(sums[1]), upper_half(sums[1]));
    return sum_half_lanes(_mm256_add_ps(first, others)) / (float)n;
}

void rms_norm_avx512(float *x, const float *gamma, float eps, size_t n_rows, size_t n)
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        const __m512 scale = _mm512_set1_ps(1 / sqrtf(mean_square(x, n) + eps));

        for (size_t i = 0; i < n; i += LANES) {
            const __mmask16 lanes = lanes_left(i, n);
            const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, x + i), scale);

            _mm512_mask_storeu_ps(x + i, lanes,
                                  _mm512_mul_ps(scaled, _mm512_maskz_loadu_ps(lanes, gamma + i)));
        }
    }
}
