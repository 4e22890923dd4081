/* SPDX-License-Identifier: Apache-2.0 */

/* The kernels for AArch64. Used inside this folder, and by tests. */
#ifndef NESTD_ENGINE_KERNELS_ARM_KERNELS_ARM_H
#define NESTD_ENGINE_KERNELS_ARM_KERNELS_ARM_H

#include "engine/kernels/kernel_set.h"
#include "engine/kernels/softmax.h"

/* NEON (Advanced SIMD) */
extern const struct store_kernels store_neon;
extern const struct gelu_kernels gelu_neon;
extern const struct convert_kernels convert_neon;
kernel_layer_norm layer_norm_neon;
kernel_quantise quantise_neon;
kernel_attention attention_neon;
kernel_multiply_float32 multiply_float32_neon;
kernel_softmax_row softmax_row_neon;

/* Dot products of bytes */
kernel_multiply_int8 multiply_int8_dotprod;

#endif
