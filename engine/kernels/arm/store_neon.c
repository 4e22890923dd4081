/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/arm/product_neon.h"

static inline float32x4_t unchanged(float32x4_t x)
{
    return x;
}

DEFINE_STORES(store, unchanged, unchanged)
DEFINE_STORES(relu, positive_part, positive_part)
DEFINE_ADDS(add)

const struct store_kernels store_neon = {
    .store = STORES(store),
    .relu = STORES(relu),
    .add = ADDS(add),
};
