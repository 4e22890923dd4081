/* SPDX-License-Identifier: Apache-2.0 */

/* What the AVX-512 kernels share. Only files built for AVX-512 include this. */
#ifndef NESTD_ENGINE_KERNELS_SIMD_AVX512_H
#define NESTD_ENGINE_KERNELS_SIMD_AVX512_H

#include "engine/kernels/polynomials.h"

#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* The lanes of the vector that starts `i` into n floats; all of them where 16 or more are left. */
static inline __mmask16 lanes_left(size_t i, size_t n)
{
    return n - i >= LANES ? (__mmask16)0xffff : (__mmask16)((1u << (n - i)) - 1);
}

/* 2^x for x <= 0 (up to 127 in truth), within 1 ulp; zero where the result would be below the
 * least normal number, NaN for NaN. */
static inline __m512 exp2_avx512(__m512 x)
{
    const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 part = _mm512_sub_ps(x, whole); /* exact, in [-0.5, 0.5] */
    const __mmask16 normal = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-126), _CMP_NLT_UQ);
    __m512 p = _mm512_set1_ps(EXP2[6]);

    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2[5]));
    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2[4]));
    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2[3]));
    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2[2]));
    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2[1]));
    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2[0]));
    return _mm512_maskz_scalef_ps(normal, p, whole);
}

#endif
