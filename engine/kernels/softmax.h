/* SPDX-License-Identifier: Apache-2.0 */

/* The softmax of attention's scores, without its division. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_SOFTMAX_H
#define NESTD_ENGINE_KERNELS_SOFTMAX_H

#include <stddef.h>

/* x[n] = e^(scale (x - max x)), whose sum is returned; n and scale are above zero. Results below
 * the smallest normal number may be zero. NaN stays NaN, in the sum too. */
typedef float kernel_softmax_row(float *x, size_t n, float scale);

#endif
