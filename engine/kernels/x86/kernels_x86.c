/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/cpu.h"

static const struct kernel_set avx2 = {
    .name = "avx2",
    .cpu_flags = CPU_AVX2,
    .store = &store_avx2,
    .gelu = &gelu_avx2,
    .convert = &convert_avx2,
    .layer_norm = layer_norm_avx2,
    .rms_norm = rms_norm_avx2,
    .rotate = rotate_avx2,
    .scale_by = scale_by_avx2,
    .quantise = quantise_avx2,
    .attention = attention_avx2,
    .disentangled = attention_avx2,
    .multiply_int8 = multiply_int8_avx2,
    .int8 = INT8_OWN,
};

static const struct kernel_set avx_vnni = {
    .name = "avx_vnni",
    .cpu_flags = CPU_AVX_VNNI,
    .multiply_int8 = multiply_int8_avx_vnni,
    .int8 = INT8_OWN,
};

/* Without VPDPBUSD bytes have to be widened to 16 bits, whose products are faster than AVX2's in
 * float32, but not than these. */
static const struct kernel_set avx512 = {
    .name = "avx512",
    .cpu_flags = CPU_AVX512,
    .store = &store_avx512,
    .gelu = &gelu_avx512,
    .convert = &convert_avx512,
    .layer_norm = layer_norm_avx512,
    .rms_norm = rms_norm_avx512,
    .rotate = rotate_avx512,
    .scale_by = scale_by_avx512,
    .quantise = quantise_avx512,
    .attention = attention_avx512,
    .int8 = INT8_SLOW,
};

static const struct kernel_set avx512_bf16 = {
    .name = "avx512_bf16",
    .cpu_flags = CPU_AVX512_BF16,
    .store = &store_avx512_bf16,
    .gelu = &gelu_avx512_bf16,
    .attention_bfloat16 = attention_avx512_bf16,
};

static const struct kernel_set avx512_vnni = {
    .name = "avx512_vnni",
    .cpu_flags = CPU_AVX512_VNNI,
    .int8 = INT8_OF_ONEDNN,
};

/* Never run on AMX: only under emulation. */
static const struct kernel_set amx_bf16 = {
    .name = "amx_bf16",
    .cpu_flags = CPU_AMX_BF16,
    .attention_bfloat16 = attention_amx_bf16,
};

const struct kernel_set *const kernel_sets[KERNEL_SETS_MAX] = {
    &avx2, &avx_vnni, &avx512, &avx512_bf16, &avx512_vnni, &amx_bf16,
};
