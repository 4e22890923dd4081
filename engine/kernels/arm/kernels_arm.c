/* SPDX-License-Identifier: Apache-2.0 */

/* Tested under emulation only, so nothing here is measured. No set multiplies bfloat16: the
 * products of weights would be oneDNN's, and Debian's has no fast ones of bfloat16 for most of
 * these CPUs. */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/c/kernels_c.h"
#include "engine/kernels/cpu.h"

/* int8 stays as in the references, slow: bytes would have to be widened before each product. */
static const struct kernel_set neon = {
    .name = "neon",
    .cpu_flags = CPU_NEON,
    .store = &store_neon,
    .gelu = &gelu_neon,
    .convert = &convert_neon,
    .layer_norm = layer_norm_neon,
    .quantise = quantise_neon,
    .attention = attention_neon,
    .disentangled = attention_neon,
    .multiply_float32 = multiply_float32_neon,
};

/* SDOT multiplies four times as many numbers as FMLA. */
static const struct kernel_set dotprod = {
    .name = "dotprod",
    .cpu_flags = CPU_DOTPROD,
    .multiply_int8 = multiply_int8_dotprod,
    .int8 = INT8_OWN,
};

const struct kernel_set *const kernel_sets[KERNEL_SETS_MAX] = {&products_c, &neon, &dotprod};
