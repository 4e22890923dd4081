/* SPDX-License-Identifier: Apache-2.0 */

/* VPDPBUSD adds the products of four bytes to a sum of 32 bits, with nothing saturated on the way:
 * the weights are multiplied as they are packed. */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/multiply_int8.h"

#include <immintrin.h>
#include <string.h>

/* Twelve sums, with a panel's two vectors and a group of a row's inputs: 15 of 16 registers. */
enum { TILE_ROWS = 6, WIDTH = KERNEL_INT8_WIDTH, GROUP = KERNEL_INT8_GROUP };

_Static_assert(WIDTH == 16 && GROUP == 4, "a panel is two vectors wide");

/* The inputs beyond whole groups, which are few or none. */
static void add_rest(const uint8_t *const *rows, size_t k, size_t n_in, const int8_t *panel,
                     int32_t (*c)[WIDTH])
{
    for (; k < n_in; k++)
        for (size_t row = 0; row < TILE_ROWS; row++)
            for (size_t column = 0; column < WIDTH; column++)
                c[row][column] += rows[row][k] * panel[multiply_int8_place(n_in, column, k)];
}

static void multiply_tile(const uint8_t *const *rows, size_t n_in, const int8_t *panel,
                          int32_t (*ret_c)[WIDTH])
{
    __m256i left[TILE_ROWS], right[TILE_ROWS];
    size_t k;

#pragma GCC unroll 6
    for (int row = 0; row < TILE_ROWS; row++)
        left[row] = right[row] = _mm256_setzero_si256();
    for (k = 0; k + GROUP <= n_in; k += GROUP) {
        const __m256i *weights = (const __m256i *)(panel + k * WIDTH);
        const __m256i weights_left = _mm256_loadu_si256(weights);
        const __m256i weights_right = _mm256_loadu_si256(weights + 1);

#pragma GCC unroll 6
        for (int row = 0; row < TILE_ROWS; row++) {
            int32_t group;
            __m256i inputs;

            memcpy(&group, rows[row] + k, sizeof group);
            inputs = _mm256_set1_epi32(group);
            left[row] = _mm256_dpbusd_avx_epi32(left[row], inputs, weights_left);
            right[row] = _mm256_dpbusd_avx_epi32(right[row], inputs, weights_right);
        }
    }
#pragma GCC unroll 6
    for (int row = 0; row < TILE_ROWS; row++) {
        _mm256_storeu_si256((__m256i *)ret_c[row], left[row]);
        _mm256_storeu_si256((__m256i *)(ret_c[row] + WIDTH / 2), right[row]);
    }
    add_rest(rows, k, n_in, panel, ret_c);
}

/* The last of the rows stands in for those missing from a tile: few rows wait for the weights
 * anyway. */
void multiply_int8_avx_vnni(const uint8_t *a, size_t n_rows, const int8_t *packed, size_t n_out,
                            size_t n_in, int16_t *scratch, int32_t *c)
{
    (void)scratch;
    for (size_t column = 0; column < n_out; column += WIDTH) {
        const size_t n_columns = n_out - column < WIDTH ? n_out - column : WIDTH;

        for (size_t row = 0; row < n_rows; row += TILE_ROWS) {
            const uint8_t *rows[TILE_ROWS];
            int32_t tile[TILE_ROWS][WIDTH];

            for (size_t i = 0; i < TILE_ROWS; i++)
                rows[i] = a + (row + i < n_rows ? row + i : n_rows - 1) * n_in;
            multiply_tile(rows, n_in, packed, tile);
            for (size_t i = 0; i < TILE_ROWS && row + i < n_rows; i++)
                memcpy(c + (row + i) * n_out + column, tile[i], n_columns * sizeof **tile);
        }
        packed += multiply_int8_panel_bytes(n_in);
    }
}
