/* SPDX-License-Identifier: Apache-2.0 */

/* The kernels for x86-64. Used inside this folder, and by tests. */
#ifndef NESTD_ENGINE_KERNELS_X86_KERNELS_X86_H
#define NESTD_ENGINE_KERNELS_X86_KERNELS_X86_H

#include "engine/kernels/kernel_set.h"
#include "engine/kernels/softmax.h"

/* AVX2, FMA, F16C */
extern const struct store_kernels store_avx2;
extern const struct gelu_kernels gelu_avx2;
extern const struct convert_kernels convert_avx2;
kernel_layer_norm layer_norm_avx2;
kernel_rms_norm rms_norm_avx2;
kernel_rotate rotate_avx2;
kernel_scale_by scale_by_avx2;
kernel_quantise quantise_avx2;
kernel_attention attention_avx2;
kernel_multiply_int8 multiply_int8_avx2;
kernel_softmax_row softmax_row_avx2;

/* AVX-VNNI */
kernel_multiply_int8 multiply_int8_avx_vnni;

/* AVX-512 F, BW, DQ, VL */
extern const struct store_kernels store_avx512;
extern const struct gelu_kernels gelu_avx512;
extern const struct convert_kernels convert_avx512;
kernel_layer_norm layer_norm_avx512;
kernel_rms_norm rms_norm_avx512;
kernel_rotate rotate_avx512;
kernel_scale_by scale_by_avx512;
kernel_quantise quantise_avx512;
kernel_attention attention_avx512;

/* AVX-512 BF16 */
extern const struct store_kernels store_avx512_bf16;
extern const struct gelu_kernels gelu_avx512_bf16;
kernel_attention attention_avx512_bf16;

/* AMX-TILE and AMX-BF16, and AVX-512 BF16 */
kernel_attention attention_amx_bf16;

#endif
