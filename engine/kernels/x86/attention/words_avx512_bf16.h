/* SPDX-License-Identifier: Apache-2.0 */

/* Words of two bfloat16, as the attentions that multiply them pack values and write weights. Only
 * files built for AVX512_BF16 include this. */
#ifndef NESTD_ENGINE_KERNELS_X86_ATTENTION_WORDS_AVX512_BF16_H
#define NESTD_ENGINE_KERNELS_X86_ATTENTION_WORDS_AVX512_BF16_H

#include "engine/kernels/x86/attention/words_avx512.h"

#include <stdint.h>

/* panel[ceil(n_tokens / 2), n_vectors * LANES] words = the n columns from v, then zeros: a word is
 * a column's numbers of two tokens. */
INLINE void pack_values(const char *v, size_t stride_bytes, size_t n_tokens, size_t n,
                        size_t n_vectors, float *panel)
{
    const __m512i low = _mm512_add_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        _mm512_slli_epi32(
            _mm512_setr_epi32(32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47), 16));
    const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(LANES));

    for (size_t j = 0; j < n_tokens; j += 2, v += 2 * stride_bytes) {
        const __m512i a = _mm512_castps_si512(load_bytes(v, n * sizeof(uint16_t)));
        const __m512i b =
            j + 1 < n_tokens
                ? _mm512_castps_si512(load_bytes(v + stride_bytes, n * sizeof(uint16_t)))
                : _mm512_setzero_si512();

        _mm512_store_si512(panel, _mm512_permutex2var_epi16(a, low, b));
        if (n_vectors > 1)
            _mm512_store_si512(panel + LANES, _mm512_permutex2var_epi16(a, high, b));
        panel += n_vectors * LANES;
    }
}

/* 2^(factor (x - top)), zero outside `lanes`. What is rounded to bfloat16 next, by up to 4e-3,
 * needs no better polynomial. */
INLINE __m512 power(const float *x, __m512 top, __m512 factor, __mmask16 lanes)
{
    const __m512 distance = _mm512_sub_ps(_mm512_load_ps(x), top);

    return _mm512_maskz_mov_ps(lanes, exp2_rough_avx512(_mm512_mul_ps(distance, factor)));
}

/* Rounds two vectors of weights over the scores, of which they are the front half, and adds them
 * up. */
INLINE __m512 write_weights(float *x, size_t i, __m512 a, __m512 b, __m512 sums)
{
    const __m512bh ones = (__m512bh)_mm512_set1_epi16(0x3f80);
    const __m512bh weights = _mm512_cvtne2ps_pbh(b, a);

    _mm512_storeu_ps(x + i / 2, (__m512)weights);
    return _mm512_dpbf16_ps(sums, weights, ones);
}

INLINE __m512 exponentiate(float *x, size_t n_tokens, float row_top, float row_factor)
{
    const __m512 top = _mm512_set1_ps(row_top), factor = _mm512_set1_ps(row_factor);
    __m512 sums = _mm512_setzero_ps(), a, b;
    size_t i;

    for (i = 0; i + 2 * LANES <= n_tokens; i += 2 * LANES) {
        a = power(x + i, top, factor, ALL_LANES);
        b = power(x + i + LANES, top, factor, ALL_LANES);
        sums = write_weights(x, i, a, b, sums);
    }
    if (i < n_tokens) {
        a = power(x + i, top, factor, lanes_left(i, n_tokens));
        b = _mm512_setzero_ps();
        if (i + LANES < n_tokens)
            b = power(x + i + LANES, top, factor, lanes_left(i + LANES, n_tokens));
        sums = write_weights(x, i, a, b, sums);
    }
    return sums;
}

#endif
