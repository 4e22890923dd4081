/* SPDX-License-Identifier: Apache-2.0 */

/* How the operations on a struct kernel_product are written once for all types. Each instruction
 * set brings (product_avx2.h, product_avx512.h, product_c.h)
 *   store_rows(product, input, output, function, y, y_stride)    y = function(value)
 *   add_rows(product, input, x, x_stride)                        x += value
 * which are inlined, so that in each function made here the types and `function` are constants.
 * Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_PRODUCT_H
#define NESTD_ENGINE_KERNELS_PRODUCT_H

#include "engine/kernels/inline.h"
#include "engine/kernels/kernels.h"

/* By input and output type; NULL where there is no such combination. */
struct kernel_stores {
    kernel_store *by_type[N_KERNEL_TYPES][N_KERNEL_TYPES];
};

struct kernel_adds {
    kernel_add *by_type[N_KERNEL_TYPES];
};

#define DEFINE_STORE(name, input, output, function)                                                \
    static void name##_##input##_##output(const struct kernel_product *product, void *y,           \
                                          size_t y_stride)                                         \
    {                                                                                              \
        store_rows(product, KERNEL_##input, KERNEL_##output, function, y, y_stride);               \
    }

/* `rough` may be less exact than `function`: it is for what is soon rounded to few bits. */
#define DEFINE_STORES(name, function, rough)                                                       \
    DEFINE_STORE(name, FLOAT32, FLOAT32, function)                                                 \
    DEFINE_STORE(name, FLOAT32, BFLOAT16, rough)                                                   \
    DEFINE_STORE(name, INT32, FLOAT32, rough)                                                      \
    DEFINE_STORE(name, INT32, BFLOAT16, rough)

/* The initialiser of a struct kernel_stores, after DEFINE_STORES(name, ...). */
#define STORES(name)                                                                               \
    {                                                                                              \
        {                                                                                          \
            [KERNEL_FLOAT32] = {[KERNEL_FLOAT32] = name##_FLOAT32_FLOAT32,                         \
                                [KERNEL_BFLOAT16] = name##_FLOAT32_BFLOAT16},                      \
            [KERNEL_INT32] = {[KERNEL_FLOAT32] = name##_INT32_FLOAT32,                             \
                              [KERNEL_BFLOAT16] = name##_INT32_BFLOAT16},                          \
        }                                                                                          \
    }

#define DEFINE_ADD(name, input)                                                                    \
    static void name##_##input(const struct kernel_product *product, float *x, size_t x_stride)    \
    {                                                                                              \
        add_rows(product, KERNEL_##input, x, x_stride);                                            \
    }

#define DEFINE_ADDS(name)                                                                          \
    DEFINE_ADD(name, FLOAT32)                                                                      \
    DEFINE_ADD(name, INT32)

#define ADDS(name)                                                                                 \
    {                                                                                              \
        {                                                                                          \
            [KERNEL_FLOAT32] = name##_FLOAT32, [KERNEL_INT32] = name##_INT32                       \
        }                                                                                          \
    }

#endif
