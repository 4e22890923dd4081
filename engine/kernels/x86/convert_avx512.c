/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/simd_avx512.h"

static void round_all(const float *x, size_t n, uint16_t *y)
{
    size_t i;

    for (i = 0; i + LANES <= n; i += LANES)
        _mm256_storeu_si256((__m256i *)(y + i), round_to_bfloat16(_mm512_loadu_ps(x + i)));
    if (i < n) {
        const __mmask16 lanes = lanes_left(i, n);

        _mm256_mask_storeu_epi16(y + i, lanes,
                                 round_to_bfloat16(_mm512_maskz_loadu_ps(lanes, x + i)));
    }
}

static inline __m512 from_bfloat16(__m256i halves)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

static inline __m512 from_float16(__m256i halves)
{
    return _mm512_cvtph_ps(halves);
}

/* `from` is known where this is inlined. */
static inline __attribute__((always_inline)) void widen(const void *y, size_t n, float *x,
                                                        __m512 (*from)(__m256i))
{
    const char *bytes = y;
    size_t i;

    for (i = 0; i + LANES <= n; i += LANES)
        _mm512_storeu_ps(x + i,
                         from(_mm256_loadu_si256((const void *)(bytes + i * sizeof(uint16_t)))));
    if (i < n) {
        const __mmask16 lanes = lanes_left(i, n);

        _mm512_mask_storeu_ps(x + i, lanes,
                              from(_mm256_maskz_loadu_epi16(lanes, bytes + i * sizeof(uint16_t))));
    }
}

static void widen_float16(const void *y, size_t n, float *x)
{
    widen(y, n, x, from_float16);
}

static void widen_bfloat16(const void *y, size_t n, float *x)
{
    widen(y, n, x, from_bfloat16);
}

const struct convert_kernels convert_avx512 = {round_all, widen_float16, widen_bfloat16};
