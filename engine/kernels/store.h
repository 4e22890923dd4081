/* SPDX-License-Identifier: Apache-2.0 */

/* The versions of what is done with a product as it is: store, ReLU, add. Used inside this folder.
 */
#ifndef NESTD_ENGINE_KERNELS_STORE_H
#define NESTD_ENGINE_KERNELS_STORE_H

#include "engine/kernels/product.h"

struct kernel_version;

struct store_kernels {
    struct kernel_stores store;
    struct kernel_stores relu;
    struct kernel_adds add;
};

extern const struct store_kernels store_c;
extern const struct store_kernels store_avx2;
extern const struct store_kernels store_avx512;
extern const struct store_kernels store_avx512_bf16;

const struct kernel_version *store_choose(unsigned cpu_flags);

#endif
