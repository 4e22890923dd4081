/* SPDX-License-Identifier: Apache-2.0 */

/* The emulation that stands in for AMX where attention is tested. */
#include "tests/engine/kernels/kernel_test.h"

#include "tests/engine/kernels/emulated_tiles.h"

enum { SUMS, LEFT, RIGHT };

struct config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* Sums of n_rows x n_columns, of factors that are n_words deep. */
static void configure(uint8_t n_rows, uint8_t n_columns, uint8_t n_words)
{
    const uint16_t left_bytes = (uint16_t)(4 * n_words), right_bytes = (uint16_t)(4 * n_columns);

    tiles_configure(&(struct config){
        .palette = 1,
        .row_bytes = {right_bytes, left_bytes, right_bytes},
        .rows = {n_rows, n_rows, n_words},
    });
}

static uint16_t bfloat16(float x)
{
    const uint16_t y = bfloat16_round(x);

    assert_true(bfloat16_value(y) == x);
    return y;
}

/* One sum: begin + the products of n_words pairs. */
static float sum_of(float begin, const float *left, const float *right, uint8_t n_words)
{
    uint16_t row[32], column[16][2];
    float sum = begin;

    for (size_t i = 0; i < 2u * n_words; i++) {
        row[i] = bfloat16(left[i]);
        column[i / 2][i % 2] = bfloat16(right[i]);
    }
    configure(1, 1, n_words);
    tile_load(SUMS, &sum, sizeof sum);
    tile_load(LEFT, row, sizeof row);
    tile_load(RIGHT, column, sizeof *column);
    tile_multiply(SUMS, LEFT, RIGHT);
    tile_store(SUMS, &sum, sizeof sum);
    tiles_release();
    return sum;
}

/* Of integers, which are exact whatever the order: column j's numbers 2 k and 2 k + 1 are word j of
 * row k. Rows lie further apart than they are long. */
static void test_emulated_tiles__multiply_pairs_of_rows_and_columns(void **state)
{
    enum { ROWS = 5, COLUMNS = 7, DEPTH = 6 };
    struct random random = {1};
    float a[ROWS][DEPTH], b[DEPTH][COLUMNS];
    uint16_t left[ROWS][DEPTH + 4], right[DEPTH / 2][2 * COLUMNS + 2];
    float sums[ROWS][COLUMNS + 3];

    (void)state;
    for (size_t k = 0; k < DEPTH; k++) {
        for (size_t i = 0; i < ROWS; i++) {
            a[i][k] = floorf(random_uniform(&random, -9, 9));
            left[i][k] = bfloat16(a[i][k]);
        }
        for (size_t j = 0; j < COLUMNS; j++) {
            b[k][j] = floorf(random_uniform(&random, -9, 9));
            right[k / 2][2 * j + k % 2] = bfloat16(b[k][j]);
        }
    }
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS + 3; j++)
            sums[i][j] = 1000;
    configure(ROWS, COLUMNS, DEPTH / 2);
    tile_load(SUMS, sums, sizeof *sums);
    tile_load(LEFT, left, sizeof *left);
    tile_load(RIGHT, right, sizeof *right);
    tile_multiply(SUMS, LEFT, RIGHT);
    tile_store(SUMS, sums, sizeof *sums);
    tiles_release();
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS + 3; j++) {
            float expected = 1000;

            for (size_t k = 0; k < DEPTH && j < COLUMNS; k++)
                expected += a[i][k] * b[k][j];
            assert_true(sums[i][j] == expected);
        }
}

/* First numbers of pairs and second ones have a sum each, which starts at zero; a product is not
 * rounded before it is added. */
static void test_emulated_tiles__round_as_described(void **state)
{
    (void)state;
    /* 2^24 + 1 is 2^24; 1 + 1 is not lost beside it. */
    assert_true(sum_of(0, (float[]){0x1p24f, 1, 0, 1}, (float[]){1, 1, 0, 1}, 2) == 0x1p24f + 2);
    assert_true(sum_of(0, (float[]){0x1p24f, 0, 1, 0, 1, 0}, (float[]){1, 0, 1, 0, 1, 0}, 3) ==
                0x1p24f);
    assert_true(sum_of(0x1p24f, (float[]){1, 0, 1, 0}, (float[]){1, 0, 1, 0}, 2) == 0x1p24f + 2);
    /* Ties to even, both ways. */
    assert_true(sum_of(0x1p24f + 2, (float[]){1, 0}, (float[]){1, 0}, 1) == 0x1p24f + 4);
    /* 1.0078125^2 = 1 + 2^-6 + 2^-14, from which 1 + 2^-6 is taken. */
    assert_true(sum_of(0, (float[]){-1.015625f, 0, 1.0078125f, 0}, (float[]){1, 0, 1.0078125f, 0},
                       2) == 0x1p-14f);
}

static void test_emulated_tiles__flush_the_smallest(void **state)
{
    (void)state;
    assert_true(sum_of(0, (float[]){0x1p-127f, 0}, (float[]){0x1p100f, 0}, 1) == 0);
    assert_true(sum_of(0, (float[]){0x1p-100f, 0}, (float[]){0x1p-27f, 0}, 1) == 0);
    assert_true(sum_of(0x1p-127f, (float[]){0, 0}, (float[]){0, 0}, 1) == 0);
    assert_true(sum_of(0, (float[]){0x1p-100f, 0}, (float[]){0x1p-26f, 0}, 1) == 0x1p-126f);
    assert_true(isnan(sum_of(0, (float[]){INFINITY, 0}, (float[]){0, 0}, 1)));
    assert_true(sum_of(0, (float[]){INFINITY, 0}, (float[]){1, 0}, 1) == INFINITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emulated_tiles__multiply_pairs_of_rows_and_columns),
        cmocka_unit_test(test_emulated_tiles__round_as_described),
        cmocka_unit_test(test_emulated_tiles__flush_the_smallest),
    };

    return cmocka_run_group_tests_name("emulated_tiles", tests, NULL, NULL);
}
