/* SPDX-License-Identifier: Apache-2.0 */

/* What the NEON kernels share. Every AArch64 CPU has these instructions. Used inside this folder.
 */
#ifndef NESTD_ENGINE_KERNELS_ARM_SIMD_NEON_H
#define NESTD_ENGINE_KERNELS_ARM_SIMD_NEON_H

#include "engine/kernels/polynomials.h"

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 4 };

/* The first n_lanes of four, from and to memory. What is not loaded is as in `rest`, or zero. */
static inline float32x4_t load_floats_over(const float *x, size_t n_lanes, float32x4_t rest)
{
    if (n_lanes >= LANES)
        return vld1q_f32(x);
    memcpy(&rest, x, n_lanes * sizeof *x);
    return rest;
}

static inline float32x4_t load_floats(const float *x, size_t n_lanes)
{
    return load_floats_over(x, n_lanes, vdupq_n_f32(0));
}

static inline int32x4_t load_ints(const int32_t *x, size_t n_lanes)
{
    int32x4_t ints = vdupq_n_s32(0);

    memcpy(&ints, x, (n_lanes >= LANES ? LANES : n_lanes) * sizeof *x);
    return ints;
}

static inline uint16x4_t load_halves(const void *x, size_t n_lanes)
{
    uint16x4_t halves = vdup_n_u16(0);

    memcpy(&halves, x, (n_lanes >= LANES ? LANES : n_lanes) * sizeof(uint16_t));
    return halves;
}

static inline void store_floats(float *x, size_t n_lanes, float32x4_t values)
{
    memcpy(x, &values, (n_lanes >= LANES ? LANES : n_lanes) * sizeof *x);
}

static inline void store_halves(uint16_t *x, size_t n_lanes, uint16x4_t values)
{
    memcpy(x, &values, (n_lanes >= LANES ? LANES : n_lanes) * sizeof *x);
}

/* Lane by lane all ones in the first n_lanes, and zeros after them. */
static inline uint32x4_t first_lanes(size_t n_lanes)
{
    static const uint32_t numbers[LANES] = {0, 1, 2, 3};

    return vcltq_u32(vld1q_u32(numbers), vdupq_n_u32(n_lanes >= LANES ? LANES : (uint32_t)n_lanes));
}

static inline float32x4_t keep_lanes(float32x4_t x, uint32x4_t lanes)
{
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), lanes));
}

/* max(x, 0), but -0 and NaN stay. */
static inline float32x4_t positive_part(float32x4_t x)
{
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), vcltzq_f32(x)));
}

/* c[0] + c[1] x + ... + c[n - 1] x^(n - 1), n being a constant. */
static inline __attribute__((always_inline)) float32x4_t polynomial(const float *c, int n,
                                                                    float32x4_t x)
{
    float32x4_t p = vdupq_n_f32(c[n - 1]);

#pragma GCC unroll 16
    for (int i = n - 2; i >= 0; i--)
        p = vfmaq_f32(vdupq_n_f32(c[i]), p, x);
    return p;
}

/* p 2^whole. For p in [0.5, 2) and a result that is a normal number, adding to the exponent is
 * enough. A NaN in `whole` adds nothing. */
static inline float32x4_t scale_by_exp2(float32x4_t p, float32x4_t whole)
{
    const int32x4_t exponent = vshlq_n_s32(vcvtq_s32_f32(whole), 23);

    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(p), exponent));
}

/* 2^x for x <= 0 (up to 127 in truth), within 1 ulp; zero where the result would be below the
 * least normal number, NaN for NaN. */
static inline float32x4_t exp2_neon(float32x4_t x)
{
    const float32x4_t whole = vrndnq_f32(x);
    const float32x4_t part = vsubq_f32(x, whole); /* exact, in [-0.5, 0.5] */
    const uint32x4_t tiny = vcltq_f32(x, vdupq_n_f32(-126));
    const float32x4_t p = polynomial(EXP2, sizeof EXP2 / sizeof *EXP2, part);

    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(scale_by_exp2(p, whole)), tiny));
}

/* 2^x for -126 <= x <= 0 (up to 127 in truth), within 1e-4 of it, NaN for NaN. */
static inline float32x4_t exp2_rough_neon(float32x4_t x)
{
    const float32x4_t whole = vrndmq_f32(x);
    const float32x4_t part = vsubq_f32(x, whole);

    return scale_by_exp2(polynomial(EXP2_ROUGH, sizeof EXP2_ROUGH / sizeof *EXP2_ROUGH, part),
                         whole);
}

/* To nearest, ties to even, as bfloat16_round() does it. */
static inline uint16x4_t round_to_bfloat16(float32x4_t x)
{
    const uint32x4_t number = vceqq_f32(x, x);
    const uint32x4_t bits = vreinterpretq_u32_f32(x);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7fff)));
    const uint32x4_t nan = vorrq_u32(bits, vdupq_n_u32(0x400000));

    return vshrn_n_u32(vbslq_u32(number, rounded, nan), 16);
}

#endif
