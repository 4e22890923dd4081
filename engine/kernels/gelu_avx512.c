/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/gelu.h"

#include "engine/kernels/simd_avx512.h"

/* MAXPS and MINPS give their second operand where one is NaN, so NaN stays NaN. */
static inline __m512 positive_part(__m512 x)
{
    return _mm512_max_ps(_mm512_setzero_ps(), x);
}

static inline __m512 absolute_up_to(__m512 x, float most)
{
    return _mm512_min_ps(_mm512_set1_ps(most), _mm512_abs_ps(x));
}

static inline __m512 gelu(__m512 x)
{
    const __m512 a = absolute_up_to(x, LOG2_UPPER_TAIL_END);
    __m512 p = _mm512_set1_ps(LOG2_UPPER_TAIL[10]);

    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[9]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[8]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[7]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[6]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[5]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[4]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[3]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[2]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[1]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL[0]));
    return _mm512_fnmadd_ps(a, exp2_avx512(p), positive_part(x));
}

static inline __m512 gelu_tanh(__m512 x)
{
    const __m512 a = absolute_up_to(x, GELU_TANH_END);
    const __m512 factor = _mm512_fmadd_ps(_mm512_mul_ps(a, a), _mm512_set1_ps(GELU_TANH_A3),
                                          _mm512_set1_ps(GELU_TANH_A));
    const __m512 e = exp2_avx512(_mm512_mul_ps(a, factor));
    const __m512 tail = _mm512_div_ps(e, _mm512_add_ps(_mm512_set1_ps(1), e));

    return _mm512_fnmadd_ps(a, tail, positive_part(x));
}

/* `activation` is known where this is inlined. */
static inline __attribute__((always_inline)) void
bias_apply(float *x, const float *bias, size_t n_rows, size_t n, __m512 (*activation)(__m512))
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        size_t i;

        for (i = 0; i + LANES <= n; i += LANES) {
            const __m512 sum = _mm512_add_ps(_mm512_loadu_ps(x + i), _mm512_loadu_ps(bias + i));

            _mm512_storeu_ps(x + i, activation(sum));
        }
        if (i < n) {
            const __mmask16 lanes = lanes_left(i, n);
            const __m512 sum = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, x + i),
                                             _mm512_maskz_loadu_ps(lanes, bias + i));

            _mm512_mask_storeu_ps(x + i, lanes, activation(sum));
        }
    }
}

void bias_gelu_avx512(float *x, const float *bias, size_t n_rows, size_t n)
{
    bias_apply(x, bias, n_rows, n, gelu);
}

void bias_gelu_tanh_avx512(float *x, const float *bias, size_t n_rows, size_t n)
{
    bias_apply(x, bias, n_rows, n, gelu_tanh);
}
