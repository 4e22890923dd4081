/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/attention/attention_words_avx512.h"
#include "engine/kernels/x86/attention/words_avx512_bf16.h"

INLINE __m512 multiply_add(__m512 sums, __m512 left, __m512 right)
{
    return _mm512_dpbf16_ps(sums, (__m512bh)left, (__m512bh)right);
}

void attention_avx512_bf16(const struct attention *attention)
{
    static const struct word_operations bfloat16_words = {
        .n_elements = 2,
        .multiply_add = multiply_add,
        .pack_values = pack_values,
        .exponentiate = exponentiate,
    };

    attention_by_words(&bfloat16_words, attention);
}
