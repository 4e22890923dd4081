/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/product_avx512.h"

static inline __m512 unchanged(__m512 x)
{
    return x;
}

/* MAXPS gives its second operand where one is NaN, so NaN stays NaN. */
static inline __m512 relu(__m512 x)
{
    return _mm512_max_ps(_mm512_setzero_ps(), x);
}

DEFINE_STORES(store, unchanged, unchanged)
DEFINE_STORES(relu, relu, relu)
DEFINE_ADDS(add)

#ifdef __AVX512BF16__ /* built twice */
const struct store_kernels store_avx512_bf16 = {
#else
const struct store_kernels store_avx512 = {
#endif

    .store = STORES(store),
    .relu = STORES(relu),
    .add = ADDS(add),
};
