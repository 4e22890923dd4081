/* SPDX-License-Identifier: Apache-2.0 */

/* The versions of GELU (Hendrycks and Gimpel, arXiv 1606.08415): x Phi(x), Phi the normal
 * distribution's cumulative function, exactly and by the paper's tanh. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_GELU_H
#define NESTD_ENGINE_KERNELS_GELU_H

#include "engine/kernels/product.h"

/* The tanh form's -2u for x = a, times log2(e), is a (GELU_TANH_A + GELU_TANH_A3 a^2):
 * A = -2 log2(e) sqrt(2 / pi), A3 = 0.044715 A. Beyond the end its tail is below 1e-37. */
#define GELU_TANH_A   (-2.3022081986f)
#define GELU_TANH_A3  (-0.1029432396f)
#define GELU_TANH_END 10.0f

struct kernel_version;

struct gelu_kernels {
    struct kernel_stores exact;
    struct kernel_stores tanh;
};

extern const struct gelu_kernels gelu_c;
extern const struct gelu_kernels gelu_avx2;
extern const struct gelu_kernels gelu_avx512;
extern const struct gelu_kernels gelu_avx512_bf16;

const struct kernel_version *gelu_choose(unsigned cpu_flags);

#endif
