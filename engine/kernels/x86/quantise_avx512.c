/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/quantise.h"

#include "engine/kernels/x86/simd_avx512.h"

enum { QUANTISED = 4 * LANES };

struct range {
    __m512 min;
    __m512 max;
    __mmask16 nan;
};

/* MINPS and MAXPS forget a NaN, so it is noted. */
static inline void range_add(struct range *range, __m512 x)
{
    range->min = _mm512_min_ps(range->min, x);
    range->max = _mm512_max_ps(range->max, x);
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
        .min = _mm512_min_ps(even.min, odd.min),
        .max = _mm512_max_ps(even.max, odd.max),
        .nan = even.nan | odd.nan,
    };
}

/* A NaN lane becomes 0x80000000, and so 0. */
static inline __m512i steps_of(const float *x, __mmask16 lanes, __m512 inverse)
{
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, x), inverse));
}

/* Of up to LANES numbers. */
static inline __m128i quantise_some(const float *x, __mmask16 lanes, __m512 inverse, int32_t zero)
{
    const __m512i shifted = _mm512_add_epi32(steps_of(x, lanes, inverse), _mm512_set1_epi32(zero));

    return _mm512_cvtusepi32_epi8(_mm512_max_epi32(shifted, _mm512_setzero_si512()));
}

/* Of QUANTISED numbers. Packing saturates, below zero too, but leaves the four vectors' quarters in
 * turn. */
static inline __m512i quantise(const float *x, __m512 inverse, int32_t zero)
{
    const __m512i in_order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i zeros = _mm512_set1_epi16((int16_t)zero);
    const __m512i front = _mm512_packs_epi32(steps_of(x, ALL_LANES, inverse),
                                             steps_of(x + LANES, ALL_LANES, inverse));
    const __m512i back = _mm512_packs_epi32(steps_of(x + 2 * LANES, ALL_LANES, inverse),
                                            steps_of(x + 3 * LANES, ALL_LANES, inverse));

    return _mm512_permutexvar_epi32(in_order, _mm512_packus_epi16(_mm512_adds_epi16(front, zeros),
                                                                  _mm512_adds_epi16(back, zeros)));
}

void quantise_avx512(const float *x, size_t n_rows, size_t n, uint8_t *q, float *scales,
                     int32_t *zeros)
{
    for (size_t row = 0; row < n_rows; row++, x += n, q += n) {
        const struct range range = range_of(x, n);
        const float min = _mm512_reduce_min_ps(range.min);
        const float scale = quantise_scale(min, _mm512_reduce_max_ps(range.max), range.nan);
        const int32_t zero = quantise_zero(min, scale);
        const __m512 inverse = _mm512_set1_ps(1 / scale);
        size_t i;

        scales[row] = scale;
        zeros[row] = zero;
        for (i = 0; i + QUANTISED <= n; i += QUANTISED)
            _mm512_storeu_si512(q + i, quantise(x + i, inverse, zero));
        for (; i < n; i += LANES) {
            const __mmask16 lanes = lanes_left(i, n);

            _mm_mask_storeu_epi8(q + i, lanes, quantise_some(x + i, lanes, inverse, zero));
        }
    }
}
