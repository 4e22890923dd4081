/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/simd_avx2.h"

static void round_all(const float *x, size_t n, uint16_t *y)
{
    size_t i;

    for (i = 0; i + LANES <= n; i += LANES)
        store_halves(y + i, LANES, round_to_bfloat16(_mm256_loadu_ps(x + i)));
    if (i < n)
        store_halves(y + i, n - i, round_to_bfloat16(load_floats(x + i, n - i)));
}

static inline __m256 from_bfloat16(__m128i halves)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}

static inline __m256 from_float16(__m128i halves)
{
    return _mm256_cvtph_ps(halves);
}

/* `from` is known where this is inlined. */
static inline __attribute__((always_inline)) void widen(const void *y, size_t n, float *x,
                                                        __m256 (*from)(__m128i))
{
    const char *bytes = y;
    size_t i;

    for (i = 0; i + LANES <= n; i += LANES)
        _mm256_storeu_ps(x + i, from(load_halves(bytes + i * sizeof(uint16_t), LANES)));
    if (i < n)
        store_floats(x + i, n - i, from(load_halves(bytes + i * sizeof(uint16_t), n - i)));
}

static void widen_float16(const void *y, size_t n, float *x)
{
    widen(y, n, x, from_float16);
}

static void widen_bfloat16(const void *y, size_t n, float *x)
{
    widen(y, n, x, from_bfloat16);
}

const struct convert_kernels convert_avx2 = {round_all, widen_float16, widen_bfloat16};
