/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/arm/simd_neon.h"

#include <math.h>

/* Sums are kept in four vectors, so that one addition need not wait for the one before. */
enum { N_SUMS = 4, GROUP = N_SUMS * LANES };

static inline float reduce(const float32x4_t *sums)
{
    return vaddvq_f32(vaddq_f32(vaddq_f32(sums[0], sums[1]), vaddq_f32(sums[2], sums[3])));
}

static inline float mean(const float *x, size_t n)
{
    float32x4_t sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++)
            sums[j] = vaddq_f32(sums[j], vld1q_f32(x + i + j * LANES));
    for (; i < n; i += LANES)
        sums[0] = vaddq_f32(sums[0], load_floats(x + i, n - i));
    return reduce(sums) / (float)n;
}

static inline float variance(const float *x, size_t n, float row_mean)
{
    const float32x4_t centre = vdupq_n_f32(row_mean);
    float32x4_t sums[N_SUMS] = {0};
    size_t i;

    for (i = 0; i + GROUP <= n; i += GROUP)
        for (size_t j = 0; j < N_SUMS; j++) {
            const float32x4_t distance = vsubq_f32(vld1q_f32(x + i + j * LANES), centre);

            sums[j] = vfmaq_f32(sums[j], distance, distance);
        }
    for (; i < n; i += LANES) {
        const float32x4_t distance =
            vsubq_f32(load_floats_over(x + i, n - i, centre), centre); /* 0 where there is no x */

        sums[0] = vfmaq_f32(sums[0], distance, distance);
    }
    return reduce(sums) / (float)n;
}

static inline void scale_and_shift(float *x, const float *gamma, const float *beta, size_t n,
                                   float row_mean, float row_scale)
{
    const float32x4_t centre = vdupq_n_f32(row_mean);

    for (size_t i = 0; i < n; i += LANES) {
        const float32x4_t distance = vsubq_f32(load_floats(x + i, n - i), centre);

        store_floats(x + i, n - i,
                     vfmaq_f32(load_floats(beta + i, n - i), vmulq_n_f32(distance, row_scale),
                               load_floats(gamma + i, n - i)));
    }
}

void layer_norm_neon(float *x, const float *gamma, const float *beta, float eps, size_t n_rows,
                     size_t n)
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        const float row_mean = mean(x, n);
        const float row_scale = 1 / sqrtf(variance(x, n, row_mean) + eps);

        scale_and_shift(x, gamma, beta, n, row_mean, row_scale);
    }
}
