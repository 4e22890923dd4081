/* SPDX-License-Identifier: Apache-2.0 */

/* The versions of kernel_layer_norm (Ba et al., "Layer Normalization", arXiv 1607.06450). Used
 * inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_LAYER_NORM_H
#define NESTD_ENGINE_KERNELS_LAYER_NORM_H

#include "engine/kernels/kernels.h"

struct kernel_version;

kernel_layer_norm layer_norm_c;
kernel_layer_norm layer_norm_avx2;
kernel_layer_norm layer_norm_avx512;

const struct kernel_version *layer_norm_choose(unsigned cpu_flags);

#endif
