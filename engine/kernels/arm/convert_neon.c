/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/arm/simd_neon.h"

static void round_all(const float *x, size_t n, uint16_t *y)
{
    size_t i;

    for (i = 0; i + LANES <= n; i += LANES)
        store_halves(y + i, LANES, round_to_bfloat16(vld1q_f32(x + i)));
    if (i < n)
        store_halves(y + i, n - i, round_to_bfloat16(load_floats(x + i, n - i)));
}

static inline float32x4_t from_bfloat16(uint16x4_t halves)
{
    return vreinterpretq_f32_u32(vshll_n_u16(halves, 16));
}

static inline float32x4_t from_float16(uint16x4_t halves)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(halves));
}

/* `from` is known where this is inlined. */
static inline __attribute__((always_inline)) void widen(const void *y, size_t n, float *x,
                                                        float32x4_t (*from)(uint16x4_t))
{
    const char *bytes = y;
    size_t i;

    for (i = 0; i + LANES <= n; i += LANES)
        vst1q_f32(x + i, from(load_halves(bytes + i * sizeof(uint16_t), LANES)));
    if (i < n)
        store_floats(x + i, n - i, from(load_halves(bytes + i * sizeof(uint16_t), n - i)));
}

static void widen_float16(const void *y, size_t n, float *x)
{
    widen(y, n, x, from_float16);
}

static void widen_bfloat16(const void *y, size_t n, float *x)
{
    widen(y, n, x, from_bfloat16);
}

const struct convert_kernels convert_neon = {round_all, widen_float16, widen_bfloat16};
