/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/arm/tile_neon.h"

#include <string.h>

_Static_assert((int)TILE_WIDTH == KERNEL_FLOAT32_WIDTH, "a panel is as wide as a tile");

/* Rows by one panel. A sum is the same in a tile of one row. */
static void multiply_panel(const float *a, size_t n_rows, const float *panel, size_t n_in, float *c,
                           size_t c_stride)
{
    size_t row;

    for (row = 0; row + TILE_ROWS <= n_rows; row += TILE_ROWS)
        multiply_tile(TILE_ROWS, a + row * n_in, n_in, panel, n_in, c + row * c_stride, c_stride);
    for (; row < n_rows; row++)
        multiply_tile(1, a + row * n_in, n_in, panel, n_in, c + row * c_stride, c_stride);
}

void multiply_float32_neon(const float *a, size_t n_rows, const float *packed, size_t n_out,
                           size_t n_in, float *c)
{
    float edge[KERNEL_FLOAT32_ROWS * TILE_WIDTH];
    size_t column;

    for (column = 0; column + TILE_WIDTH <= n_out; column += TILE_WIDTH)
        multiply_panel(a, n_rows, packed + column * n_in, n_in, c + column, n_out);
    if (column == n_out)
        return;
    multiply_panel(a, n_rows, packed + column * n_in, n_in, edge, TILE_WIDTH);
    for (size_t row = 0; row < n_rows; row++)
        memcpy(c + row * n_out + column, edge + row * TILE_WIDTH, (n_out - column) * sizeof *c);
}
