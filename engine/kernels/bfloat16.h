/* SPDX-License-Identifier: Apache-2.0 */

/* bfloat16, the upper half of a float32, for the references. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_BFLOAT16_H
#define NESTD_ENGINE_KERNELS_BFLOAT16_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* To nearest, ties to even, by integers: VCVTNEPS2BF16 would make zeros of the smallest numbers.
 * NaN stays NaN, which rounding up might carry into zero. */
static inline uint16_t bfloat16_round(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    if (isnan(x))
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float bfloat16_widen(uint16_t y)
{
    const uint32_t bits = (uint32_t)y << 16;
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
