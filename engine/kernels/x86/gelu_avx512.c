/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/gelu.h"

#include "engine/kernels/x86/product_avx512.h"

/* MAXPS and MINPS give their second operand where one is NaN, so NaN stays NaN. */
static inline __m512 positive_part(__m512 x)
{
    return _mm512_max_ps(_mm512_setzero_ps(), x);
}

static inline __m512 absolute_up_to(__m512 x, float max)
{
    return _mm512_min_ps(_mm512_set1_ps(max), _mm512_abs_ps(x));
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

static inline __m512 gelu_rough(__m512 x)
{
    const __m512 a = absolute_up_to(x, LOG2_UPPER_TAIL_ROUGH_END);
    __m512 p = _mm512_set1_ps(LOG2_UPPER_TAIL_ROUGH[5]);

    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL_ROUGH[4]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL_ROUGH[3]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL_ROUGH[2]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL_ROUGH[1]));
    p = _mm512_fmadd_ps(p, a, _mm512_set1_ps(LOG2_UPPER_TAIL_ROUGH[0]));
    return _mm512_fnmadd_ps(a, exp2_rough_avx512(p), positive_part(x));
}

/* `exp2` is known where this is inlined. */
INLINE __m512 gelu_tanh_by(__m512 x, __m512 (*exp2)(__m512))
{
    const __m512 a = absolute_up_to(x, GELU_TANH_END);
    const __m512 factor = _mm512_fmadd_ps(_mm512_mul_ps(a, a), _mm512_set1_ps(GELU_TANH_A3),
                                          _mm512_set1_ps(GELU_TANH_A));
    const __m512 e = exp2(_mm512_mul_ps(a, factor));
    const __m512 tail = _mm512_div_ps(e, _mm512_add_ps(_mm512_set1_ps(1), e));

    return _mm512_fnmadd_ps(a, tail, positive_part(x));
}

static inline __m512 gelu_tanh(__m512 x)
{
    return gelu_tanh_by(x, exp2_avx512);
}

static inline __m512 gelu_tanh_rough(__m512 x)
{
    return gelu_tanh_by(x, exp2_rough_avx512);
}

INLINE __m512 silu_by(__m512 x, __m512 (*exp2)(__m512))
{
    const __m512 a = absolute_up_to(x, SILU_END);
    const __m512 e = exp2(_mm512_mul_ps(a, _mm512_set1_ps(SILU_A)));
    const __m512 tail = _mm512_div_ps(e, _mm512_add_ps(_mm512_set1_ps(1), e));

    return _mm512_fnmadd_ps(a, tail, positive_part(x));
}

static inline __m512 silu(__m512 x)
{
    return silu_by(x, exp2_avx512);
}

static inline __m512 silu_rough(__m512 x)
{
    return silu_by(x, exp2_rough_avx512);
}

DEFINE_STORES(exact, gelu, gelu_rough)
DEFINE_STORES(tanh, gelu_tanh, gelu_tanh_rough)
DEFINE_STORES(silu, silu, silu_rough)

#ifdef __AVX512BF16__ /* built twice */
const struct gelu_kernels gelu_avx512_bf16 = {
    .exact = STORES(exact), .tanh = STORES(tanh), .silu = STORES(silu)};
#else
const struct gelu_kernels gelu_avx512 = {
    .exact = STORES(exact), .tanh = STORES(tanh), .silu = STORES(silu)};
#endif
