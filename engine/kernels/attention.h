/* SPDX-License-Identifier: Apache-2.0 */

/* The versions of kernel_attention (Vaswani et al., arXiv 1706.03762, section 3.2.1). Used inside
 * this folder. */
#ifndef NESTD_ENGINE_KERNELS_ATTENTION_H
#define NESTD_ENGINE_KERNELS_ATTENTION_H

#include "engine/kernels/kernels.h"

struct kernel_version;

kernel_attention attention_c;
kernel_attention attention_avx2;
kernel_attention attention_avx512;

const struct kernel_version *attention_choose(unsigned cpu_flags);

#endif
