/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/gelu.h"

#include "engine/kernels/simd_avx2.h"

/* MAXPS and MINPS give their second operand where one is NaN, so NaN stays NaN. */
static inline __m256 positive_part(__m256 x)
{
    return _mm256_max_ps(_mm256_setzero_ps(), x);
}

static inline __m256 absolute_up_to(__m256 x, float most)
{
    return _mm256_min_ps(_mm256_set1_ps(most), _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x));
}

static inline __m256 gelu(__m256 x)
{
    const __m256 a = absolute_up_to(x, LOG2_UPPER_TAIL_END);
    __m256 p = _mm256_set1_ps(LOG2_UPPER_TAIL[10]);

    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[9]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[8]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[7]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[6]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[5]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[4]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[3]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[2]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[1]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL[0]));
    return _mm256_fnmadd_ps(a, exp2_avx2(p), positive_part(x));
}

static inline __m256 gelu_tanh(__m256 x)
{
    const __m256 a = absolute_up_to(x, GELU_TANH_END);
    const __m256 factor = _mm256_fmadd_ps(_mm256_mul_ps(a, a), _mm256_set1_ps(GELU_TANH_A3),
                                          _mm256_set1_ps(GELU_TANH_A));
    const __m256 e = exp2_avx2(_mm256_mul_ps(a, factor));
    const __m256 tail = _mm256_div_ps(e, _mm256_add_ps(_mm256_set1_ps(1), e));

    return _mm256_fnmadd_ps(a, tail, positive_part(x));
}

/* `activation` is known where this is inlined. */
static inline __attribute__((always_inline)) void
bias_apply(float *x, const float *bias, size_t n_rows, size_t n, __m256 (*activation)(__m256))
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        size_t i;

        for (i = 0; i + LANES <= n; i += LANES) {
            const __m256 sum = _mm256_add_ps(_mm256_loadu_ps(x + i), _mm256_loadu_ps(bias + i));

            _mm256_storeu_ps(x + i, activation(sum));
        }
        if (i < n) {
            const __m256i lanes = lanes_left(i, n);
            const __m256 sum = _mm256_add_ps(_mm256_maskload_ps(x + i, lanes),
                                             _mm256_maskload_ps(bias + i, lanes));

            _mm256_maskstore_ps(x + i, lanes, activation(sum));
        }
    }
}

void bias_gelu_avx2(float *x, const float *bias, size_t n_rows, size_t n)
{
    bias_apply(x, bias, n_rows, n, gelu);
}

void bias_gelu_tanh_avx2(float *x, const float *bias, size_t n_rows, size_t n)
{
    bias_apply(x, bias, n_rows, n, gelu_tanh);
}
