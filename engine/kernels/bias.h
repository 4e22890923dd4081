/* SPDX-License-Identifier: Apache-2.0 */

/* kernel_bias and the ReLU kernel_bias_activation. They have no table: what the compiler makes of
 * the reference comes within 0.1 to 0.2 ns an element of AVX2 and AVX-512 by hand, where the
 * product before it costs 7 ns and more (one Zen 4 core). Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_BIAS_H
#define NESTD_ENGINE_KERNELS_BIAS_H

#include "engine/kernels/kernels.h"

kernel_bias bias_c;
kernel_bias_activation bias_relu_c;

#endif
