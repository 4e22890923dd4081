/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/attention/attention_words_avx512.h"

INLINE __m512 multiply_add(__m512 sums, __m512 left, __m512 right)
{
    return _mm512_fmadd_ps(left, right, sums);
}

INLINE void pack_values(const char *v, size_t stride_bytes, size_t n_tokens, size_t n,
                        size_t n_vectors, float *panel)
{
    for (size_t j = 0; j < n_tokens; j++, v += stride_bytes)
        for (size_t i = 0; i < n_vectors; i++, panel += LANES)
            _mm512_store_ps(
                panel, load_bytes(v + i * sizeof(__m512), n * sizeof(float) - i * sizeof(__m512)));
}

/* 2^(factor (x - top)). The difference is taken first: it is nearly exact however large the scores,
 * and zero for the largest. */
INLINE __m512 power(const float *x, __m512 top, __m512 factor)
{
    return exp2_avx512(_mm512_mul_ps(_mm512_sub_ps(_mm512_load_ps(x), top), factor));
}

INLINE __m512 exponentiate(float *x, size_t n_tokens, float row_top, float row_factor)
{
    const __m512 top = _mm512_set1_ps(row_top), factor = _mm512_set1_ps(row_factor);
    __m512 even = _mm512_setzero_ps(), odd = even;
    size_t i;

    for (i = 0; i + 2 * LANES <= n_tokens; i += 2 * LANES) {
        const __m512 a = power(x + i, top, factor);
        const __m512 b = power(x + i + LANES, top, factor);

        _mm512_store_ps(x + i, a);
        _mm512_store_ps(x + i + LANES, b);
        even = _mm512_add_ps(even, a);
        odd = _mm512_add_ps(odd, b);
    }
    for (; i < n_tokens; i += LANES) {
        const __m512 a = power(x + i, top, factor);

        _mm512_store_ps(x + i, a);
        even = _mm512_mask_add_ps(even, lanes_left(i, n_tokens), even, a);
    }
    return _mm512_add_ps(even, odd);
}

void attention_avx512(const struct attention *attention)
{
    static const struct word_operations float32_words = {
        .n_elements = 1,
        .multiply_add = multiply_add,
        .pack_values = pack_values,
        .exponentiate = exponentiate,
    };

    attention_by_words(&float32_words, attention);
}
