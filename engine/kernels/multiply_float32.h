/* SPDX-License-Identifier: Apache-2.0 */

/* The layout of the weights that every version of kernel_multiply_float32 reads: panels of
 * KERNEL_FLOAT32_WIDTH output columns, one after another, each with its columns' weights side by
 * side, input by input; zeros where a column is missing. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_MULTIPLY_FLOAT32_H
#define NESTD_ENGINE_KERNELS_MULTIPLY_FLOAT32_H

#include "engine/kernels/kernels.h"

/* Where weight [j, k] is. */
static inline size_t multiply_float32_place(size_t n_in, size_t j, size_t k)
{
    const size_t column = j % KERNEL_FLOAT32_WIDTH;

    return (j - column) * n_in + k * KERNEL_FLOAT32_WIDTH + column;
}

#endif
