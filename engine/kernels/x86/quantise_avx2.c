/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/quantise.h"

#include "engine/kernels/x86/simd_avx2.h"

struct range {
    __m256 min;
    __m256 max;
    __m256 nan; /* lanes of all ones */
};

/* MINPS and MAXPS forget a NaN, so it is noted. */
static inline void range_add(struct range *range, __m256 x)
{
    range->min = _mm256_min_ps(range->min, x);
    range->max = _mm256_max_ps(range->max, x);
    range->nan = _mm256_or_ps(range->nan, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}

/* The range of x[n] and zero. */
static inline struct range range_of(const float *x, size_t n)
{
    struct range even = {0}, odd = {0};
    size_t i;

    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        range_add(&even, _mm256_loadu_ps(x + i));
        range_add(&odd, _mm256_loadu_ps(x + i + LANES));
    }
    for (; i < n; i += LANES)
        range_add(&even, load_floats(x + i, n - i));
    return (struct range){
        .min = _mm256_min_ps(even.min, odd.min),
        .max = _mm256_max_ps(even.max, odd.max),
        .nan = _mm256_or_ps(even.nan, odd.nan),
    };
}

static inline float smallest_lane(__m256 x)
{
    return -largest_lane(_mm256_sub_ps(_mm256_setzero_ps(), x));
}

/* Eight bytes. NaN lanes become 0x80000000, and so 0. */
static inline uint64_t quantise(__m256 x, __m256 inverse, __m256i zero)
{
    const __m256i shifted = _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_mul_ps(x, inverse)), zero);
    const __m128i halves =
        _mm_packs_epi32(_mm256_castsi256_si128(shifted), _mm256_extracti128_si256(shifted, 1));

    return (uint64_t)_mm_cvtsi128_si64(_mm_packus_epi16(halves, halves));
}

void quantise_avx2(const float *x, size_t n_rows, size_t n, uint8_t *q, float *scales,
                   int32_t *zeros)
{
    for (size_t row = 0; row < n_rows; row++, x += n, q += n) {
        const struct range range = range_of(x, n);
        const float min = smallest_lane(range.min);
        const float scale =
            quantise_scale(min, largest_lane(range.max), _mm256_movemask_ps(range.nan));
        const int32_t zero = quantise_zero(min, scale);
        const __m256 inverse = _mm256_set1_ps(1 / scale);
        uint64_t bytes;
        size_t i;

        scales[row] = scale;
        zeros[row] = zero;
        for (i = 0; i + LANES <= n; i += LANES) {
            bytes = quantise(_mm256_loadu_ps(x + i), inverse, _mm256_set1_epi32(zero));
            memcpy(q + i, &bytes, LANES);
        }
        if (i < n) {
            bytes = quantise(load_floats(x + i, n - i), inverse, _mm256_set1_epi32(zero));
            memcpy(q + i, &bytes, n - i);
        }
    }
}
