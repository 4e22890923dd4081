/* SPDX-License-Identifier: Apache-2.0 */

/* What the AVX-512 kernels share. Only files built for AVX-512 include this. */
#ifndef NESTD_ENGINE_KERNELS_X86_SIMD_AVX512_H
#define NESTD_ENGINE_KERNELS_X86_SIMD_AVX512_H

#include "engine/kernels/polynomials.h"

#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, ALL_LANES = 0xffff };

/* The lanes of the vector that starts `i` into n floats; all of them where 16 or more are left. */
static inline __mmask16 lanes_left(size_t i, size_t n)
{
    return n - i >= LANES ? (__mmask16)ALL_LANES : (__mmask16)((1u << (n - i)) - 1);
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

/* 2^x for x <= 0 (up to 127 in truth), within 1e-4 of it, NaN for NaN. VREDUCEPS and VSCALEFPS
 * take the whole part off and put it back, rounded down in both, and make 2^-inf zero. */
static inline __m512 exp2_rough_avx512(__m512 x)
{
    const __m512 part = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    __m512 p = _mm512_set1_ps(EXP2_ROUGH[3]);

    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2_ROUGH[2]));
    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2_ROUGH[1]));
    p = _mm512_fmadd_ps(p, part, _mm512_set1_ps(EXP2_ROUGH[0]));
    return _mm512_scalef_ps(p, x);
}

/* To nearest, ties to even, as bfloat16_round() does it; but what VCVTNEPS2BF16 rounds, in files
 * built for it, is zero below the smallest normal number. */
static inline __m256i round_to_bfloat16(__m512 x)
{
#ifdef __AVX512BF16__
    return (__m256i)_mm512_cvtneps_pbh(x);
#else
    const __m512i upper_halves =
        _mm512_set_epi16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 31, 29, 27, 25, 23, 21, 19,
                         17, 15, 13, 11, 9, 7, 5, 3, 1);
    const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));

    rounded = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
    return _mm512_castsi512_si256(_mm512_permutexvar_epi16(upper_halves, rounded));
#endif
}

#endif
