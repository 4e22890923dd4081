/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/gelu.h"

#include "engine/kernels/x86/product_avx2.h"

/* MAXPS and MINPS give their second operand where one is NaN, so NaN stays NaN. */
static inline __m256 positive_part(__m256 x)
{
    return _mm256_max_ps(_mm256_setzero_ps(), x);
}

static inline __m256 absolute_up_to(__m256 x, float max)
{
    return _mm256_min_ps(_mm256_set1_ps(max), _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x));
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

static inline __m256 gelu_rough(__m256 x)
{
    const __m256 a = absolute_up_to(x, LOG2_UPPER_TAIL_ROUGH_END);
    __m256 p = _mm256_set1_ps(LOG2_UPPER_TAIL_ROUGH[5]);

    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL_ROUGH[4]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL_ROUGH[3]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL_ROUGH[2]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL_ROUGH[1]));
    p = _mm256_fmadd_ps(p, a, _mm256_set1_ps(LOG2_UPPER_TAIL_ROUGH[0]));
    return _mm256_fnmadd_ps(a, exp2_rough_avx2(p), positive_part(x));
}

/* `exp2` is known where this is inlined. */
INLINE __m256 gelu_tanh_by(__m256 x, __m256 (*exp2)(__m256))
{
    const __m256 a = absolute_up_to(x, GELU_TANH_END);
    const __m256 factor = _mm256_fmadd_ps(_mm256_mul_ps(a, a), _mm256_set1_ps(GELU_TANH_A3),
                                          _mm256_set1_ps(GELU_TANH_A));
    const __m256 e = exp2(_mm256_mul_ps(a, factor));
    const __m256 tail = _mm256_div_ps(e, _mm256_add_ps(_mm256_set1_ps(1), e));

    return _mm256_fnmadd_ps(a, tail, positive_part(x));
}

static inline __m256 gelu_tanh(__m256 x)
{
    return gelu_tanh_by(x, exp2_avx2);
}

static inline __m256 gelu_tanh_rough(__m256 x)
{
    return gelu_tanh_by(x, exp2_rough_avx2);
}

INLINE __m256 silu_by(__m256 x, __m256 (*exp2)(__m256))
{
    const __m256 a = absolute_up_to(x, SILU_END);
    const __m256 e = exp2(_mm256_mul_ps(a, _mm256_set1_ps(SILU_A)));
    const __m256 tail = _mm256_div_ps(e, _mm256_add_ps(_mm256_set1_ps(1), e));

    return _mm256_fnmadd_ps(a, tail, positive_part(x));
}

static inline __m256 silu(__m256 x)
{
    return silu_by(x, exp2_avx2);
}

static inline __m256 silu_rough(__m256 x)
{
    return silu_by(x, exp2_rough_avx2);
}

DEFINE_STORES(exact, gelu, gelu_rough)
DEFINE_STORES(tanh, gelu_tanh, gelu_tanh_rough)
DEFINE_STORES(silu, silu, silu_rough)

const struct gelu_kernels gelu_avx2 = {
    .exact = STORES(exact), .tanh = STORES(tanh), .silu = STORES(silu)};
