/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include "engine/kernels/c/product_c.h"

static inline float unchanged(float x)
{
    return x;
}

static inline float relu(float x)
{
    return x < 0 ? 0 : x; /* NaN stays */
}

DEFINE_STORES(store, unchanged, unchanged)
DEFINE_STORES(relu, relu, relu)
DEFINE_ADDS(add)

const struct store_kernels store_c = {
    .store = STORES(store),
    .relu = STORES(relu),
    .add = ADDS(add),
};
