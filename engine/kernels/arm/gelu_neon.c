/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/gelu.h"

#include "engine/kernels/arm/product_neon.h"

/* FMIN keeps a NaN. */
static inline float32x4_t absolute_up_to(float32x4_t x, float max)
{
    return vminq_f32(vabsq_f32(x), vdupq_n_f32(max));
}

static inline float32x4_t gelu(float32x4_t x)
{
    const float32x4_t a = absolute_up_to(x, LOG2_UPPER_TAIL_END);
    const float32x4_t p =
        polynomial(LOG2_UPPER_TAIL, sizeof LOG2_UPPER_TAIL / sizeof *LOG2_UPPER_TAIL, a);

    return vfmsq_f32(positive_part(x), a, exp2_neon(p));
}

static inline float32x4_t gelu_rough(float32x4_t x)
{
    const float32x4_t a = absolute_up_to(x, LOG2_UPPER_TAIL_ROUGH_END);
    const float32x4_t p = polynomial(
        LOG2_UPPER_TAIL_ROUGH, sizeof LOG2_UPPER_TAIL_ROUGH / sizeof *LOG2_UPPER_TAIL_ROUGH, a);

    return vfmsq_f32(positive_part(x), a, exp2_rough_neon(p));
}

/* `exp2` is known where this is inlined. */
INLINE float32x4_t gelu_tanh_by(float32x4_t x, float32x4_t (*exp2)(float32x4_t))
{
    const float32x4_t a = absolute_up_to(x, GELU_TANH_END);
    const float32x4_t factor =
        vfmaq_f32(vdupq_n_f32(GELU_TANH_A), vmulq_f32(a, a), vdupq_n_f32(GELU_TANH_A3));
    const float32x4_t e = exp2(vmulq_f32(a, factor));
    const float32x4_t tail = vdivq_f32(e, vaddq_f32(vdupq_n_f32(1), e));

    return vfmsq_f32(positive_part(x), a, tail);
}

static inline float32x4_t gelu_tanh(float32x4_t x)
{
    return gelu_tanh_by(x, exp2_neon);
}

static inline float32x4_t gelu_tanh_rough(float32x4_t x)
{
    return gelu_tanh_by(x, exp2_rough_neon);
}

INLINE float32x4_t silu_by(float32x4_t x, float32x4_t (*exp2)(float32x4_t))
{
    const float32x4_t a = absolute_up_to(x, SILU_END);
    const float32x4_t e = exp2(vmulq_f32(a, vdupq_n_f32(SILU_A)));
    const float32x4_t tail = vdivq_f32(e, vaddq_f32(vdupq_n_f32(1), e));

    return vfmsq_f32(positive_part(x), a, tail);
}

static inline float32x4_t silu(float32x4_t x)
{
    return silu_by(x, exp2_neon);
}

static inline float32x4_t silu_rough(float32x4_t x)
{
    return silu_by(x, exp2_rough_neon);
}

DEFINE_STORES(exact, gelu, gelu_rough)
DEFINE_STORES(tanh, gelu_tanh, gelu_tanh_rough)
DEFINE_STORES(silu, silu, silu_rough)

const struct gelu_kernels gelu_neon = {
    .exact = STORES(exact), .tanh = STORES(tanh), .silu = STORES(silu)};
