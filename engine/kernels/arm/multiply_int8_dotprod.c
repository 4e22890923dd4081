/* SPDX-License-Identifier: Apache-2.0 */

/* SDOT adds the products of four signed bytes to a sum of 32 bits, exactly: the weights are
 * multiplied as they are packed. The inputs a are unsigned, so it is a - 128 that is multiplied,
 * which is a with its highest bit turned, and a column's sum starts at 128 times that of its
 * weights:
 *
 *     sum a w = sum (a - 128) w + 128 sum w
 *
 * Sums are taken modulo 2^32, so they may overflow on their way to one that fits. USDOT would do
 * without, but fewer CPUs have it (I8MM). */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/multiply_int8.h"

#include <arm_neon.h>
#include <string.h>

/* Twenty-four sums, with a panel's four vectors and a group of a row's inputs: 29 of 32 registers.
 */
enum { TILE_ROWS = 6, TILE_VECTORS = 4, LANES = 4 };
enum { WIDTH = KERNEL_INT8_WIDTH, GROUP = KERNEL_INT8_GROUP };

_Static_assert(WIDTH == TILE_VECTORS * LANES && GROUP == 4, "a panel is four vectors wide");

struct row_sums {
    int32x4_t vectors[TILE_VECTORS];
};

/* 128 times the sum of each column's weights. */
static struct row_sums first_sums(const int8_t *panel, size_t n_in)
{
    struct row_sums sums = {0};

    for (size_t k = 0; k < n_in; k += GROUP)
        for (int j = 0; j < TILE_VECTORS; j++)
            sums.vectors[j] = vdotq_s32(
                sums.vectors[j], vld1q_s8(panel + k * WIDTH + j * LANES * GROUP), vdupq_n_s8(64));
    for (int j = 0; j < TILE_VECTORS; j++)
        sums.vectors[j] = vshlq_n_s32(sums.vectors[j], 1);
    return sums;
}

/* A group of inputs less 128, in every lane. Where the row ends inside the group, the weights are
 * zero. */
static inline int8x16_t load_group(const uint8_t *row, size_t n_left)
{
    uint32_t group = 0;

    memcpy(&group, row, n_left >= GROUP ? GROUP : n_left);
    return vreinterpretq_s8_u32(vdupq_n_u32(group ^ 0x80808080));
}

static inline __attribute__((always_inline)) void add_group(const uint8_t *const *rows, size_t k,
                                                            size_t n_left, const int8_t *panel,
                                                            struct row_sums *sums)
{
    int8x16_t weights[TILE_VECTORS];

    for (int j = 0; j < TILE_VECTORS; j++)
        weights[j] = vld1q_s8(panel + k * WIDTH + j * LANES * GROUP);
#pragma GCC unroll 6
    for (int row = 0; row < TILE_ROWS; row++) {
        const int8x16_t inputs = load_group(rows[row] + k, n_left);

        for (int j = 0; j < TILE_VECTORS; j++)
            sums[row].vectors[j] = vdotq_s32(sums[row].vectors[j], weights[j], inputs);
    }
}

static void multiply_tile(const uint8_t *const *rows, size_t n_in, const int8_t *panel,
                          const struct row_sums *first, int32_t (*ret_c)[WIDTH])
{
    struct row_sums sums[TILE_ROWS];
    size_t k;

#pragma GCC unroll 6
    for (int row = 0; row < TILE_ROWS; row++)
        sums[row] = *first;
    for (k = 0; k + GROUP <= n_in; k += GROUP)
        add_group(rows, k, GROUP, panel, sums);
    if (k < n_in)
        add_group(rows, k, n_in - k, panel, sums);
#pragma GCC unroll 6
    for (int row = 0; row < TILE_ROWS; row++)
        for (int j = 0; j < TILE_VECTORS; j++)
            vst1q_s32(ret_c[row] + j * LANES, sums[row].vectors[j]);
}

/* The last of the rows stands in for those missing from a tile: few rows wait for the weights
 * anyway. */
void multiply_int8_dotprod(const uint8_t *a, size_t n_rows, const int8_t *packed, size_t n_out,
                           size_t n_in, int16_t *scratch, int32_t *c)
{
    (void)scratch;
    for (size_t column = 0; column < n_out; column += WIDTH) {
        const size_t n_columns = n_out - column < WIDTH ? n_out - column : WIDTH;
        const struct row_sums first = first_sums(packed, n_in);

        for (size_t row = 0; row < n_rows; row += TILE_ROWS) {
            const uint8_t *rows[TILE_ROWS];
            int32_t tile[TILE_ROWS][WIDTH];

            for (size_t i = 0; i < TILE_ROWS; i++)
                rows[i] = a + (row + i < n_rows ? row + i : n_rows - 1) * n_in;
            multiply_tile(rows, n_in, packed, &first, tile);
            for (size_t i = 0; i < TILE_ROWS && row + i < n_rows; i++)
                memcpy(c + (row + i) * n_out + column, tile[i], n_columns * sizeof **tile);
        }
        packed += multiply_int8_panel_bytes(n_in);
    }
}
