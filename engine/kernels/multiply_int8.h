/* SPDX-License-Identifier: Apache-2.0 */

/* The layout of the weights that every version of kernel_multiply_int8 reads: panels
 * of KERNEL_INT8_WIDTH output columns, one after another. A panel has the weights of its columns
 * for inputs 0 to 3, side by side, then for 4 to 7, and so on:
 *
 *     packed[panel][k / 4][column][k % 4] = w[panel * KERNEL_INT8_WIDTH + column, k]
 *
 * with zeros where a column or an input is missing. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_MULTIPLY_INT8_H
#define NESTD_ENGINE_KERNELS_MULTIPLY_INT8_H

#include "engine/kernels/kernels.h"

#include "engine/base/memory.h"

enum { KERNEL_INT8_GROUP = 4 }; /* inputs side by side */

/* Bytes from a panel to the next; weight [j, k] is packed[multiply_int8_place(n_in, j, k)]. */
static inline size_t multiply_int8_panel_bytes(size_t n_in)
{
    return round_up(n_in, KERNEL_INT8_GROUP) * KERNEL_INT8_WIDTH;
}

static inline size_t multiply_int8_place(size_t n_in, size_t j, size_t k)
{
    const size_t column = j % KERNEL_INT8_WIDTH;

    return j / KERNEL_INT8_WIDTH * multiply_int8_panel_bytes(n_in) +
           (k / KERNEL_INT8_GROUP * KERNEL_INT8_WIDTH + column) * KERNEL_INT8_GROUP +
           k % KERNEL_INT8_GROUP;
}

#endif
