/* SPDX-License-Identifier: Apache-2.0 */

/* The versions of kernel_attention (Vaswani et al., arXiv 1706.03762, section 3.2.1). Used inside
 * this folder. */
#ifndef NESTD_ENGINE_KERNELS_ATTENTION_H
#define NESTD_ENGINE_KERNELS_ATTENTION_H

#include "engine/kernels/kernels.h"

struct kernel_version;

/* Of float32. */
kernel_attention attention_c;
kernel_attention attention_avx2;
kernel_attention attention_avx512;

/* Of bfloat16: products of bfloat16 added up in float32, scores and exponentials in float32; each
 * exponential is rounded to bfloat16, and a row's sum is that of its rounded ones, so that the
 * weights sum to one. attention_bfloat16_c is what the others are compared with; it is never
 * chosen, for where there are no such products attention in float32 is the faster. */
kernel_attention attention_bfloat16_c;
kernel_attention attention_avx512_bf16;

const struct kernel_version *attention_choose(unsigned cpu_flags);
const struct kernel_version *attention_bfloat16_choose(unsigned cpu_flags);

#endif
