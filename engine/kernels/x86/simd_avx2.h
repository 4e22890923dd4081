/* SPDX-License-Identifier: Apache-2.0 */

/* What the AVX2 kernels share. Only files built for AVX2 and FMA include this. */
#ifndef NESTD_ENGINE_KERNELS_X86_SIMD_AVX2_H
#define NESTD_ENGINE_KERNELS_X86_SIMD_AVX2_H

#include "engine/kernels/polynomials.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { LANES = 8 };

/* The lanes of the vector that starts `i` into n floats, as a mask of all ones or zeros a lane; all
 * of them where 8 or more are left. */
static inline __m256i lanes_left(size_t i, size_t n)
{
    const int n_left = n - i >= LANES ? LANES : (int)(n - i);

    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n_left), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* The first n_lanes of eight, from and to memory; loads leave zeros in the others. */
static inline __m256 load_floats(const float *x, size_t n_lanes)
{
    return n_lanes >= LANES ? _mm256_loadu_ps(x) : _mm256_maskload_ps(x, lanes_left(0, n_lanes));
}

static inline __m256i load_ints(const int32_t *x, size_t n_lanes)
{
    return n_lanes >= LANES ? _mm256_loadu_si256((const __m256i *)x)
                            : _mm256_maskload_epi32(x, lanes_left(0, n_lanes));
}

static inline __m128i load_halves(const void *x, size_t n_lanes)
{
    __m128i halves = _mm_setzero_si128();

    memcpy(&halves, x, (n_lanes >= LANES ? LANES : n_lanes) * sizeof(uint16_t));
    return halves;
}

static inline void store_floats(float *x, size_t n_lanes, __m256 values)
{
    if (n_lanes >= LANES)
        _mm256_storeu_ps(x, values);
    else
        _mm256_maskstore_ps(x, lanes_left(0, n_lanes), values);
}

static inline void store_halves(uint16_t *x, size_t n_lanes, __m128i values)
{
    memcpy(x, &values, (n_lanes >= LANES ? LANES : n_lanes) * sizeof *x);
}

/* The sum of all lanes, in an order of its own that is always the same. */
static inline float sum_lanes(__m256 x)
{
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    sum = _mm_add_ss(sum, _mm_movehdup_ps(sum));
    return _mm_cvtss_f32(sum);
}

static inline float largest_lane(__m256 x)
{
    __m128 max = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

    max = _mm_max_ps(max, _mm_movehl_ps(max, max));
    max = _mm_max_ss(max, _mm_movehdup_ps(max));
    return _mm_cvtss_f32(max);
}

/* 2^x for x <= 0 (up to 127 in truth), within 1 ulp; zero where the result would be below the
 * least normal number, NaN for NaN. */
static inline __m256 exp2_avx2(__m256 x)
{
    const __m256 whole = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m256 part = _mm256_sub_ps(x, whole); /* exact, in [-0.5, 0.5] */
    const __m256 normal = _mm256_cmp_ps(x, _mm256_set1_ps(-126), _CMP_NLT_UQ);
    const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(whole), 23);
    __m256 p = _mm256_set1_ps(EXP2[6]);

    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2[5]));
    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2[4]));
    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2[3]));
    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2[2]));
    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2[1]));
    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2[0]));
    /* Times 2^whole: p is in [0.7, 1.42] (or NaN, with exponent bits 0 added), so adding to its
     * exponent stays inside the normal numbers. */
    p = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
    return _mm256_and_ps(normal, p);
}

/* 2^x for -126 <= x <= 0 (up to 127 in truth), within 1e-4 of it, NaN for NaN. */
static inline __m256 exp2_rough_avx2(__m256 x)
{
    const __m256 whole = _mm256_floor_ps(x);
    const __m256 part = _mm256_sub_ps(x, whole);
    const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(whole), 23);
    __m256 p = _mm256_set1_ps(EXP2_ROUGH[3]);

    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2_ROUGH[2]));
    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2_ROUGH[1]));
    p = _mm256_fmadd_ps(p, part, _mm256_set1_ps(EXP2_ROUGH[0]));
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
}

/* To nearest, ties to even, as bfloat16_round() does it. */
static inline __m128i round_to_bfloat16(__m256 x)
{
    const __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
    const __m256i bits = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));

    rounded = _mm256_blendv_epi8(rounded, _mm256_or_si256(bits, _mm256_set1_epi32(0x400000)),
                                 _mm256_castps_si256(nan));
    rounded = _mm256_srli_epi32(rounded, 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
}

#endif
