/* SPDX-License-Identifier: Apache-2.0 */

/* AMX's tile registers in plain C, by Intel's description of the instructions: one thread's, in the
 * place of engine/kernels/x86/attention/tile_registers_amx.h, whose guard is defined here. What
 * would raise an exception ends the test. */
#ifndef NESTD_TESTS_ENGINE_KERNELS_EMULATED_TILES_H
#define NESTD_TESTS_ENGINE_KERNELS_EMULATED_TILES_H
#define NESTD_ENGINE_KERNELS_X86_ATTENTION_TILE_REGISTERS_AMX_H

#include "engine/kernels/bfloat16.h"

#include <float.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_EMULATED_TILES = 8, MAX_TILE_ROWS = 16, MAX_ROW_BYTES = 64, MAX_ROW_FLOATS = 16 };

struct emulated_tile {
    size_t n_rows;
    size_t row_bytes;
    unsigned char data[MAX_TILE_ROWS][MAX_ROW_BYTES];
};

static _Thread_local struct {
    bool is_configured;
    struct emulated_tile tiles[N_EMULATED_TILES];
    size_t n_products; /* since the start */
} emulated;

#define emulated_require(condition)                                                                \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s: not %s\n", __func__, #condition);                                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* LDTILECFG: the palette, the first row, 14 bytes of zero, the tiles' bytes of a row (16 of 16
 * bits) and their rows (16 of 8). */
static inline void tiles_configure(const void *config)
{
    const unsigned char *bytes = config;

    emulated_require(bytes[0] == 1 && bytes[1] == 0);
    for (size_t i = 2; i < 16; i++)
        emulated_require(bytes[i] == 0);
    memset(emulated.tiles, 0, sizeof emulated.tiles);
    for (size_t i = 0; i < 16; i++) {
        const size_t row_bytes = bytes[16 + 2 * i] | (size_t)bytes[17 + 2 * i] << 8;
        const size_t n_rows = bytes[48 + i];

        emulated_require((row_bytes == 0) == (n_rows == 0));
        if (i >= N_EMULATED_TILES) {
            emulated_require(n_rows == 0);
            continue;
        }
        emulated_require(n_rows <= MAX_TILE_ROWS && row_bytes <= MAX_ROW_BYTES);
        emulated.tiles[i].n_rows = n_rows;
        emulated.tiles[i].row_bytes = row_bytes;
    }
    emulated.is_configured = true;
}

static inline void tiles_release(void)
{
    memset(emulated.tiles, 0, sizeof emulated.tiles);
    emulated.is_configured = false;
}

/* Every instruction on a tile needs it configured. */
static inline struct emulated_tile *emulated_tile(size_t number)
{
    emulated_require(emulated.is_configured && number < N_EMULATED_TILES);
    emulated_require(emulated.tiles[number].n_rows > 0);
    return &emulated.tiles[number];
}

static inline void tile_zero(size_t number)
{
    struct emulated_tile *tile = emulated_tile(number);

    memset(tile->data, 0, sizeof tile->data);
}

static inline void tile_load(size_t number, const void *from, size_t stride_bytes)
{
    struct emulated_tile *tile = emulated_tile(number);

    memset(tile->data, 0, sizeof tile->data);
    for (size_t i = 0; i < tile->n_rows; i++)
        memcpy(tile->data[i], (const char *)from + i * stride_bytes, tile->row_bytes);
}

static inline void tile_store(size_t number, void *to, size_t stride_bytes)
{
    struct emulated_tile *tile = emulated_tile(number);

    for (size_t i = 0; i < tile->n_rows; i++)
        memcpy((char *)to + i * stride_bytes, tile->data[i], tile->row_bytes);
}

/* What is below the smallest normal number is zero, read or written. */
static inline float emulated_flush(float x)
{
    return fabsf(x) < FLT_MIN ? copysignf(0, x) : x;
}

/* The lower or upper numbers of a row's pairs. */
static inline void emulated_unpack(const struct emulated_tile *tile, size_t row, size_t half,
                                   float *ret_numbers)
{
    uint16_t pairs[MAX_ROW_BYTES / 2];

    memcpy(pairs, tile->data[row], sizeof pairs);
    for (size_t i = 0; i < MAX_ROW_FLOATS; i++)
        ret_numbers[i] = emulated_flush(bfloat16_widen(pairs[2 * i + half]));
}

/* a row of sums += a row of pairs times columns of pairs: the lower and the upper numbers' products
 * are added up apart, each rounded once, and then together to the sum. */
static inline void emulated_multiply_row(struct emulated_tile *sums,
                                         const struct emulated_tile *left,
                                         const struct emulated_tile *right, size_t row)
{
    float parts[2][MAX_ROW_FLOATS] = {{0}}, a[MAX_ROW_FLOATS], b[MAX_ROW_FLOATS];
    float total[MAX_ROW_FLOATS];

    for (size_t half = 0; half < 2; half++) {
        emulated_unpack(left, row, half, a);
        for (size_t k = 0; k < left->row_bytes / 4; k++) {
            emulated_unpack(right, k, half, b);
            for (size_t n = 0; n < MAX_ROW_FLOATS; n++)
                parts[half][n] = emulated_flush(fmaf(a[k], b[n], parts[half][n]));
        }
    }
    memcpy(total, sums->data[row], sizeof total);
    for (size_t n = 0; n < sums->row_bytes / 4; n++)
        total[n] =
            emulated_flush(emulated_flush(total[n]) + emulated_flush(parts[0][n] + parts[1][n]));
    memcpy(sums->data[row], total, sizeof total);
}

/* TDPBF16PS */
static inline void tile_multiply(size_t sums_number, size_t left_number, size_t right_number)
{
    struct emulated_tile *sums = emulated_tile(sums_number);
    const struct emulated_tile *left = emulated_tile(left_number);
    const struct emulated_tile *right = emulated_tile(right_number);

    emulated_require(sums != left && sums != right && left != right);
    emulated_require(sums->row_bytes % 4 == 0 && left->row_bytes % 4 == 0);
    emulated_require(sums->n_rows == left->n_rows && sums->row_bytes == right->row_bytes);
    emulated_require(left->row_bytes / 4 == right->n_rows);
    for (size_t row = 0; row < sums->n_rows; row++)
        emulated_multiply_row(sums, left, right, row);
    emulated.n_products++;
}

#endif
