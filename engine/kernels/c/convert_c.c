/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include "engine/kernels/bfloat16.h"

/* The i-th of unaligned 16-bit numbers. */
static uint16_t half_at(const void *y, size_t i)
{
    uint16_t half;

    memcpy(&half, (const char *)y + i * sizeof half, sizeof half);
    return half;
}

/* A sign, 5 bits of exponent and 10 of fraction (IEEE 754 binary16). */
static float float16_widen(uint16_t y)
{
    const int exponent = y >> 10 & 0x1f, fraction = y & 0x3ff;
    float size;

    if (exponent == 0x1f)
        size = fraction ? NAN : INFINITY;
    else if (exponent)
        size = ldexpf((float)(0x400 + fraction), exponent - 25);
    else
        size = ldexpf((float)fraction, -24);
    return y & 0x8000 ? -size : size;
}

static void round_all(const float *x, size_t n, uint16_t *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] = bfloat16_round(x[i]);
}

static void widen_float16(const void *y, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = float16_widen(half_at(y, i));
}

static void widen_bfloat16(const void *y, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = bfloat16_widen(half_at(y, i));
}

const struct convert_kernels convert_c = {round_all, widen_float16, widen_bfloat16};
