/* SPDX-License-Identifier: Apache-2.0 */

/* store_rows() and add_rows() of product.h for AVX2. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_X86_PRODUCT_AVX2_H
#define NESTD_ENGINE_KERNELS_X86_PRODUCT_AVX2_H

#include "engine/kernels/product.h"
#include "engine/kernels/x86/simd_avx2.h"

INLINE __m256 product_values(const struct kernel_product *product, enum kernel_type input,
                             size_t row, size_t i, size_t n_lanes)
{
    const size_t at = row * product->n + i;
    const __m256 bias = load_floats(product->bias + i, n_lanes);

    if (input == KERNEL_INT32) {
        const __m256i c = load_ints((const int32_t *)product->c + at, n_lanes);
        const __m256i excess = _mm256_mullo_epi32(_mm256_set1_epi32(product->zeros[row]),
                                                  load_ints(product->sums + i, n_lanes));
        const __m256 scale = _mm256_mul_ps(_mm256_set1_ps(product->row_scales[row]),
                                           load_floats(product->column_scales + i, n_lanes));

        return _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_sub_epi32(c, excess)), scale, bias);
    }
    return _mm256_add_ps(load_floats((const float *)product->c + at, n_lanes), bias);
}

INLINE void store_values(void *y, enum kernel_type output, size_t at, size_t n_lanes, __m256 values)
{
    if (output == KERNEL_BFLOAT16)
        store_halves((uint16_t *)y + at, n_lanes, round_to_bfloat16(values));
    else
        store_floats((float *)y + at, n_lanes, values);
}

INLINE void store_rows(const struct kernel_product *product, enum kernel_type input,
                       enum kernel_type output, __m256 (*function)(__m256), void *y,
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

INLINE void add_values(float *x, size_t n_lanes, __m256 values)
{
    store_floats(x, n_lanes, _mm256_add_ps(load_floats(x, n_lanes), values));
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
