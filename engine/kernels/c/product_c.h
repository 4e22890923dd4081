/* SPDX-License-Identifier: Apache-2.0 */

/* store_rows() and add_rows() of product.h for the references. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_C_PRODUCT_C_H
#define NESTD_ENGINE_KERNELS_C_PRODUCT_C_H

#include "engine/kernels/bfloat16.h"
#include "engine/kernels/product.h"

INLINE float product_value(const struct kernel_product *product, enum kernel_type input, size_t row,
                           size_t i)
{
    const size_t at = row * product->n + i;

    if (input == KERNEL_INT32) {
        const int32_t c = ((const int32_t *)product->c)[at];
        const int32_t sum = c - product->zeros[row] * product->sums[i];

        return (float)sum * (product->row_scales[row] * product->column_scales[i]) +
               product->bias[i];
    }
    return ((const float *)product->c)[at] + product->bias[i];
}

INLINE void store_rows(const struct kernel_product *product, enum kernel_type input,
                       enum kernel_type output, float (*function)(float), void *y, size_t y_stride)
{
    for (size_t row = 0; row < product->n_rows; row++)
        for (size_t i = 0; i < product->n; i++) {
            const float value = function(product_value(product, input, row, i));

            if (output == KERNEL_BFLOAT16)
                ((uint16_t *)y)[row * y_stride + i] = bfloat16_round(value);
            else
                ((float *)y)[row * y_stride + i] = value;
        }
}

INLINE void add_rows(const struct kernel_product *product, enum kernel_type input, float *x,
                     size_t x_stride)
{
    for (size_t row = 0; row < product->n_rows; row++)
        for (size_t i = 0; i < product->n; i++)
            x[row * x_stride + i] += product_value(product, input, row, i);
}

#endif
