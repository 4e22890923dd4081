/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/quantise.h"

#include "engine/kernels/simd_avx512.h"

struct range {
    __m512 least;
    __m512 most;
    __mmask16 nan;
};

/* MINPS and MAXPS forget a NaN, so it is noted. */
static inline void range_add(struct range *range, __m512 x)
{
    range->least = _mm512_min_ps(range->least, x);
    range->most = _mm512_max_ps(range->most, x);
    range->nan |= _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
}

/* The range of x[n] and zero. */
static inline struct range range_of(const float *x, size_t n)
{
    struct range even = {0}, odd = {0};
    size_t i;

    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        range_add(&even, _mm512_loadu_ps(x + i));
        range_add(&odd, _mm512_loadu_ps(x + i + LANES));
    }
    for (; i < n; i += LANES)
        range_add(&even, _mm512_maskz_loadu_ps(lanes_left(i, n), x + i));
    return (struct range){
        .least = _mm512_min_ps(even.least, odd.least),
        .most = _mm512_max_ps(even.most, odd.most),
        .nan = even.nan | odd.nan,
    };
}

/* Lanes that are no number become 0x80000000, hence 0. */
static inline __m128i quantise(__m512 x, __m512 inverse, __m512i zero)
{
    const __m512i shifted = _mm512_add_epi32(_mm512_cvtps_epi32(_mm512_mul_ps(x, inverse)), zero);

    return _mm512_cvtusepi32_epi8(_mm512_max_epi32(shifted, _mm512_setzero_si512()));
}

void quantise_avx512(const float *x, size_t n_rows, size_t n, uint8_t *q, float *scales,
                     int32_t *zeros)
{
    for (size_t row = 0; row < n_rows; row++, x += n, q += n) {
        const struct range range = range_of(x, n);
        const float least = _mm512_reduce_min_ps(range.least);
        const float scale = quantise_scale(least, _mm512_reduce_max_ps(range.most), range.nan);
        const int32_t zero = quantise_zero(least, scale);
        const __m512 inverse = _mm512_set1_ps(1 / scale);
        size_t i;

        scales[row] = scale;
        zeros[row] = zero;
        for (i = 0; i + LANES <= n; i += LANES)
            _mm_storeu_si128((__m128i *)(q + i),
                             quantise(_mm512_loadu_ps(x + i), inverse, _mm512_set1_epi32(zero)));
        if (i < n) {
            const __mmask16 lanes = lanes_left(i, n);

            _mm_mask_storeu_epi8(
                q + i, lanes,
                quantise(_mm512_maskz_loadu_ps(lanes, x + i), inverse, _mm512_set1_epi32(zero)));
        }
    }
}
