/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/quantise.h"

#include "engine/kernels/arm/simd_neon.h"

struct range {
    float min;
    float max;
};

/* The range of x[n] and zero; NaN where there is one in x, for FMIN and FMAX keep it. */
static inline struct range range_of(const float *x, size_t n)
{
    float32x4_t min = vdupq_n_f32(0), max = min;

    for (size_t i = 0; i < n; i += LANES) {
        const float32x4_t values = load_floats(x + i, n - i);

        min = vminq_f32(min, values);
        max = vmaxq_f32(max, values);
    }
    return (struct range){.min = vminvq_f32(min), .max = vmaxvq_f32(max)};
}

/* Four bytes. FCVTNS makes 0 of a NaN. */
static inline uint32_t quantise(float32x4_t x, float inverse, int32x4_t zero)
{
    const int32x4_t shifted = vaddq_s32(vcvtnq_s32_f32(vmulq_n_f32(x, inverse)), zero);
    const uint16x4_t halves = vqmovun_s32(shifted);

    return vget_lane_u32(vreinterpret_u32_u8(vqmovn_u16(vcombine_u16(halves, halves))), 0);
}

void quantise_neon(const float *x, size_t n_rows, size_t n, uint8_t *q, float *scales,
                   int32_t *zeros)
{
    for (size_t row = 0; row < n_rows; row++, x += n, q += n) {
        const struct range range = range_of(x, n);
        const float scale = quantise_scale(range.min, range.max, isnan(range.min));
        const int32_t zero = quantise_zero(range.min, scale);

        scales[row] = scale;
        zeros[row] = zero;
        for (size_t i = 0; i < n; i += LANES) {
            const uint32_t bytes =
                quantise(load_floats(x + i, n - i), 1 / scale, vdupq_n_s32(zero));

            memcpy(q + i, &bytes, n - i >= LANES ? LANES : n - i);
        }
    }
}
