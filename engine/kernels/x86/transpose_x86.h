/* SPDX-License-Identifier: Apache-2.0 */

/* The transposition for attention_tiled() on any x86-64. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_X86_TRANSPOSE_X86_H
#define NESTD_ENGINE_KERNELS_X86_TRANSPOSE_X86_H

#include <stddef.h>

/* to[n, width] = transposed from[n_rows, n], then zeros; `stride` floats between from's rows,
 * n_rows at most width. */
void transpose_x86(const float *from, size_t stride, size_t n_rows, size_t n, float *to,
                   size_t width);

#endif
