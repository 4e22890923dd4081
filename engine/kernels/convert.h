/* SPDX-License-Identifier: Apache-2.0 */

/* The versions of kernel_round and kernel_widen. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_CONVERT_H
#define NESTD_ENGINE_KERNELS_CONVERT_H

#include "engine/kernels/kernels.h"

struct kernel_version;

struct convert_kernels {
    kernel_round *round;
    kernel_widen *widen_float16;
    kernel_widen *widen_bfloat16;
};

extern const struct convert_kernels convert_c;
extern const struct convert_kernels convert_avx2;
extern const struct convert_kernels convert_avx512;

const struct kernel_version *convert_choose(unsigned cpu_flags);

#endif
