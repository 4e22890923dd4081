/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/attention_tiled.h"
#include "engine/kernels/x86/simd_avx2.h"
#include "engine/kernels/x86/transpose_x86.h"

/* Twelve sums, with two vectors of the panel and one element: all but one of the 16 registers. */
enum { TILE_ROWS = 6, TILE_VECTORS = 2, WIDTH = TILE_VECTORS * LANES };

_Static_assert(KERNEL_ATTENTION_ROWS % TILE_ROWS == 0, "attention_tiled.h");
_Static_assert(WIDTH <= (int)KERNEL_ATTENTION_WIDTH, "attention_tiled.h");

static void multiply(const float *a, size_t a_stride, const float *panel, size_t depth, float *c,
                     size_t c_stride)
{
    __m256 sums[TILE_ROWS][TILE_VECTORS] = {0};

    for (size_t i = 0; i < depth; i++, panel += WIDTH) {
        __m256 right[TILE_VECTORS];

        for (int j = 0; j < TILE_VECTORS; j++)
            right[j] = _mm256_loadu_ps(panel + j * LANES);
        for (size_t row = 0; row < TILE_ROWS; row++) {
            const __m256 left = _mm256_set1_ps(a[row * a_stride + i]);

            for (int j = 0; j < TILE_VECTORS; j++)
                sums[row][j] = _mm256_fmadd_ps(left, right[j], sums[row][j]);
        }
    }
#pragma GCC unroll 6 /* else the sums go through memory */
    for (size_t row = 0; row < TILE_ROWS; row++)
        for (int j = 0; j < TILE_VECTORS; j++)
            _mm256_storeu_ps(c + row * c_stride + j * LANES, sums[row][j]);
}

void attention_avx2(const struct attention *attention)
{
    static const struct attention_tiles tiles = {
        .n_rows = TILE_ROWS,
        .width = WIDTH,
        .transpose = transpose_x86,
        .multiply = multiply,
        .softmax_row = softmax_row_avx2,
    };

    attention_tiled(&tiles, attention);
}
