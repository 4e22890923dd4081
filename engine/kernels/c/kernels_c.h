/* SPDX-License-Identifier: Apache-2.0 */

/* The references, with which every other version is compared. Used inside this folder, and by
 * tests. */
#ifndef NESTD_ENGINE_KERNELS_C_KERNELS_C_H
#define NESTD_ENGINE_KERNELS_C_KERNELS_C_H

#include "engine/kernels/kernel_set.h"
#include "engine/kernels/softmax.h"

extern const struct store_kernels store_c;
extern const struct gelu_kernels gelu_c;
extern const struct convert_kernels convert_c;
kernel_layer_norm layer_norm_c; /* Ba et al., "Layer Normalization", arXiv 1607.06450 */
kernel_rms_norm rms_norm_c;     /* Zhang and Sennrich, arXiv 1910.07467 */
kernel_rotate rotate_c;         /* Su et al., arXiv 2104.09864, section 3.4.2 */
kernel_scale_by scale_by_c;
kernel_quantise quantise_c;
/* Vaswani et al., arXiv 1706.03762, section 3.2.1; disentangled: He et al., arXiv 2006.03654, 3.1 */
kernel_attention attention_c;
kernel_multiply_int8 multiply_int8_c;
kernel_softmax_row softmax_row_c;

/* First among the sets of an architecture where oneDNN has no float32 product for packed weights:
 * the bits of its general one depend on a row's place in the block, against promise 1. It has no
 * name: it is there for every CPU. */
extern const struct kernel_set products_c;
kernel_multiply_float32 multiply_float32_c;

/* Products of bfloat16 added up in float32, scores and exponentials in float32; each exponential is
 * rounded to bfloat16, and a row's sum is that of its rounded ones, so that the weights sum to one.
 * In no set: where the CPU has no such products, attention in float32 is faster. */
kernel_attention attention_bfloat16_c;

#endif
