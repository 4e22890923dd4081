/* SPDX-License-Identifier: Apache-2.0 */

/* store_rows() and add_rows() of product.h for AVX-512. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_X86_PRODUCT_AVX512_H
#define NESTD_ENGINE_KERNELS_X86_PRODUCT_AVX512_H

#include "engine/kernels/product.h"
#include "engine/kernels/x86/simd_avx512.h"

INLINE __m512 product_values(const struct kernel_product *product, enum kernel_type input,
                             size_t row, size_t i, __mmask16 lanes)
{
    const size_t at = row * product->n + i;
    const __m512 bias = _mm512_maskz_loadu_ps(lanes, product->bias + i);

    if (input == KERNEL_INT32) {
        const __m512i c = _mm512_maskz_loadu_epi32(lanes, (const int32_t *)product->c + at);
        const __m512i excess =
            _mm512_mullo_epi32(_mm512_set1_epi32(product->zeros[row]),
                               _mm512_maskz_loadu_epi32(lanes, product->sums + i));
        const __m512 scale =
            _mm512_mul_ps(_mm512_set1_ps(product->row_scales[row]),
                          _mm512_maskz_loadu_ps(lanes, product->column_scales + i));

        return _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_sub_epi32(c, excess)), scale, bias);
    }
    return _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, (const float *)product->c + at), bias);
}

INLINE void store_values(void *y, enum kernel_type output, size_t at, __mmask16 lanes,
                         __m512 values)
{
    if (output == KERNEL_BFLOAT16)
        _mm256_mask_storeu_epi16((uint16_t *)y + at, lanes, round_to_bfloat16(values));
    else
        _mm512_mask_storeu_ps((float *)y + at, lanes, values);
}

INLINE void store_rows(const struct kernel_product *product, enum kernel_type input,
                       enum kernel_type output, __m512 (*function)(__m512), void *y,
                       size_t y_stride)
{
    const struct kernel_product p = *product; /* of which the compiler knows that y is no part */

    for (size_t row = 0; row < p.n_rows; row++) {
        const size_t at = row * y_stride;
        size_t i;

        for (i = 0; i + LANES <= p.n; i += LANES)
            store_values(y, output, at + i, ALL_LANES,
                         function(product_values(&p, input, row, i, ALL_LANES)));
        if (i < p.n) {
            const __mmask16 lanes = lanes_left(i, p.n);

            store_values(y, output, at + i, lanes,
                         function(product_values(&p, input, row, i, lanes)));
        }
    }
}

INLINE void add_values(float *x, __mmask16 lanes, __m512 values)
{
    _mm512_mask_storeu_ps(x, lanes, _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, x), values));
}

INLINE void add_rows(const struct kernel_product *product, enum kernel_type input, float *x,
                     size_t x_stride)
{
    const struct kernel_product p = *product;

    for (size_t row = 0; row < p.n_rows; row++) {
        float *to = x + row * x_stride;
        size_t i;

        for (i = 0; i + LANES <= p.n; i += LANES)
            add_values(to + i, ALL_LANES, product_values(&p, input, row, i, ALL_LANES));
        if (i < p.n) {
            const __mmask16 lanes = lanes_left(i, p.n);

            add_values(to + i, lanes, product_values(&p, input, row, i, lanes));
        }
    }
}

#endif
