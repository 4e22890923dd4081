/* SPDX-License-Identifier: Apache-2.0 */

/* store_rows() and add_rows() of product.h for NEON. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_ARM_PRODUCT_NEON_H
#define NESTD_ENGINE_KERNELS_ARM_PRODUCT_NEON_H

#include "engine/kernels/arm/simd_neon.h"
#include "engine/kernels/product.h"

INLINE float32x4_t product_values(const struct kernel_product *product, enum kernel_type input,
                                  size_t row, size_t i, size_t n_lanes)
{
    const size_t at = row * product->n + i;
    const float32x4_t bias = load_floats(product->bias + i, n_lanes);

    if (input == KERNEL_INT32) {
        const int32x4_t c = load_ints((const int32_t *)product->c + at, n_lanes);
        const int32x4_t sum =
            vmlsq_n_s32(c, load_ints(product->sums + i, n_lanes), product->zeros[row]);
        const float32x4_t scale =
            vmulq_n_f32(load_floats(product->column_scales + i, n_lanes), product->row_scales[row]);

        return vfmaq_f32(bias, vcvtq_f32_s32(sum), scale);
    }
    return vaddq_f32(load_floats((const float *)product->c + at, n_lanes), bias);
}

INLINE void store_values(void *y, enum kernel_type output, size_t at, size_t n_lanes,
                         float32x4_t values)
{
    if (output == KERNEL_BFLOAT16)
        store_halves((uint16_t *)y + at, n_lanes, round_to_bfloat16(values));
    else
        store_floats((float *)y + at, n_lanes, values);
}

INLINE void store_rows(const struct kernel_product *product, enum kernel_type input,
                       enum kernel_type output, float32x4_t (*function)(float32x4_t), void *y,
                       size_t y_stride)
{
    const struct kernel_product p = *product; /* of which the compiler knows that y is no part */

    for (size_t row = 0; row < p.n_rows; row++) {
        const size_t at = row * y_stride;
        size_t i;

        for (i = 0; i + LANES <= p.n; i += LANES)
            store_values(y, output, at + i, LANES,
                         function(product_values(&p, input, row, i, LANES)));
        if (i < p.n)
            store_values(y, output, at + i, p.n - i,
                         function(product_values(&p, input, row, i, p.n - i)));
    }
}

INLINE void add_values(float *x, size_t n_lanes, float32x4_t values)
{
    store_floats(x, n_lanes, vaddq_f32(load_floats(x, n_lanes), values));
}

INLINE void add_rows(const struct kernel_product *product, enum kernel_type input, float *x,
                     size_t x_stride)
{
    const struct kernel_product p = *product;

    for (size_t row = 0; row < p.n_rows; row++) {
        float *to = x + row * x_stride;
        size_t i;

        for (i = 0; i + LANES <= p.n; i += LANES)
            add_values(to + i, LANES, product_values(&p, input, row, i, LANES));
        if (i < p.n)
            add_values(to + i, p.n - i, product_values(&p, input, row, i, p.n - i));
    }
}

#endif
