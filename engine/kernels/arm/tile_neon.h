/* SPDX-License-Identifier: Apache-2.0 */

/* The product of a few rows and a panel of columns, of attention and of weights. Used inside this
 * folder. */
#ifndef NESTD_ENGINE_KERNELS_ARM_TILE_NEON_H
#define NESTD_ENGINE_KERNELS_ARM_TILE_NEON_H

#include <arm_neon.h>
#include <stddef.h>

/* Twenty-four sums, with four vectors of the panel and one element: 29 of the 32 registers. */
enum { TILE_ROWS = 6, TILE_VECTORS = 4, TILE_WIDTH = TILE_VECTORS * 4 };

/* c[n_rows, TILE_WIDTH] = a[n_rows, depth] panel[depth, TILE_WIDTH], each sum in the order of depth
 * alone. n_rows is a constant of at most TILE_ROWS. */
static inline __attribute__((always_inline)) void multiply_tile(const size_t n_rows, const float *a,
                                                                size_t a_stride, const float *panel,
                                                                size_t depth, float *c,
                                                                size_t c_stride)
{
    float32x4_t sums[TILE_ROWS][TILE_VECTORS] = {0};

    for (size_t i = 0; i < depth; i++, panel += TILE_WIDTH) {
        float32x4_t right[TILE_VECTORS];

        for (int j = 0; j < TILE_VECTORS; j++)
            right[j] = vld1q_f32(panel + j * 4);
#pragma GCC unroll 6
        for (size_t row = 0; row < n_rows; row++)
            for (int j = 0; j < TILE_VECTORS; j++)
                sums[row][j] = vfmaq_n_f32(sums[row][j], right[j], a[row * a_stride + i]);
    }
#pragma GCC unroll 6 /* else the sums go through memory */
    for (size_t row = 0; row < n_rows; row++)
        for (int j = 0; j < TILE_VECTORS; j++)
            vst1q_f32(c + row * c_stride + j * 4, sums[row][j]);
}

#endif
