/* SPDX-License-Identifier: Apache-2.0 */

/* The attention for AMX, whose tile registers are emulated: for CPUs with AVX512_BF16. */
#ifndef NESTD_TESTS_ENGINE_KERNELS_ATTENTION_AMX_EMULATED_H
#define NESTD_TESTS_ENGINE_KERNELS_ATTENTION_AMX_EMULATED_H

#include "engine/kernels/kernels.h"

kernel_attention attention_amx_emulated;

/* How many tile products this thread has made. */
size_t attention_amx_emulated_products(void);

#endif
