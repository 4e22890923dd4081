/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

const struct kernel_set kernels_c = {
    .name = "c",
    .store = &store_c,
    .gelu = &gelu_c,
    .convert = &convert_c,
    .layer_norm = layer_norm_c,
    .rms_norm = rms_norm_c,
    .rotate = rotate_c,
    .scale_by = scale_by_c,
    .quantise = quantise_c,
    .attention = attention_c,
    .disentangled = attention_c,
    .multiply_int8 = multiply_int8_c,
    .int8 = INT8_SLOW,
};

const struct kernel_set products_c = {.multiply_float32 = multiply_float32_c};
