/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/product_avx2.h"

static inline __m256 unchanged(__m256 x)
{
    return x;
}

/* MAXPS gives its second operand where one is NaN, so NaN stays NaN. */
static inline __m256 relu(__m256 x)
{
    return _mm256_max_ps(_mm256_setzero_ps(), x);
}

DEFINE_STORES(store, unchanged, unchanged)
DEFINE_STORES(relu, relu, relu)
DEFINE_ADDS(add)

const struct store_kernels store_avx2 = {
    .store = STORES(store),
    .relu = STORES(relu),
    .add = ADDS(add),
};
