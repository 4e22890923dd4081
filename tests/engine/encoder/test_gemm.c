/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/gemm.h"
#include "engine/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_TEST_ROWS = 130 };

static float *random_floats(size_t n, uint32_t seed)
{
    float *values = memory_new_aligned(n * sizeof(float));

    assert_non_null(values);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)((double)seed / 2147483648.0 - 1.0);
    }
    return values;
}

struct product {
    struct gemm *gemm;
    struct gemm_weights *packed;
    struct gemm_context *context;
    size_t n_out;
    size_t n_in;
    float *weights; /* [n_out, n_in] */
    float *a;       /* [MOST_TEST_ROWS rounded up, n_in] */
    float *c;       /* [MOST_TEST_ROWS rounded up, n_out] */
};

static void product_init(struct product *product, size_t n_out, size_t n_in)
{
    size_t n_rows = round_up(MOST_TEST_ROWS, GEMM_MOST_ROWS);
    struct error error = {0};

    *product = (struct product){.n_out = n_out, .n_in = n_in};
    assert_int_equal(gemm_open(&product->gemm, &error), STATUS_OK);
    product->weights = random_floats(n_out * n_in, 1);
    product->a = random_floats(n_rows * n_in, 2);
    product->c = random_floats(n_rows * n_out, 3);
    assert_int_equal(
        gemm_pack(product->gemm, product->weights, n_out, n_in, &product->packed, &error),
        STATUS_OK);
    assert_int_equal(gemm_context_new(product->gemm, &product->context), STATUS_OK);
}

static void product_release(struct product *product)
{
    gemm_context_free(product->context);
    gemm_weights_free(product->packed);
    gemm_close(product->gemm);
    free(product->weights);
    free(product->a);
    free(product->c);
}

static const struct {
    size_t n_out;
    size_t n_in;
} shapes[] = {{1, 1},     {7, 3},      {96, 32},    {33, 65},
              {384, 384}, {1152, 384}, {384, 1536}, {1024, 1024}};

static void test_gemm__agrees_with_double_arithmetic(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        struct product product;

        product_init(&product, shapes[s].n_out, shapes[s].n_in);
        assert_int_equal(
            gemm_multiply(product.context, product.packed, product.a, MOST_TEST_ROWS, product.c),
            STATUS_OK);
        for (size_t i = 0; i < MOST_TEST_ROWS; i += 13) {
            for (size_t j = 0; j < product.n_out; j++) {
                double expected = 0;
                double magnitude = 0;

                for (size_t k = 0; k < product.n_in; k++) {
                    double term = (double)product.a[i * product.n_in + k] *
                                  product.weights[j * product.n_in + k];

                    expected += term;
                    magnitude += fabs(term);
                }
                /* Each of n_in additions rounds once; in practice the errors cancel to far below
                 * this. */
                assert_true(fabs(product.c[i * product.n_out + j] - expected) <=
                            magnitude * 6e-8 * 8);
            }
        }
        product_release(&product);
    }
}

/* Promise 1: a row's bits depend neither on how many rows there are nor on its place among them. */
static void test_gemm__row_bits_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        struct product product;
        float *shifted;
        float *part;

        product_init(&product, shapes[s].n_out, shapes[s].n_in);
        part = random_floats(round_up(MOST_TEST_ROWS, GEMM_MOST_ROWS) * product.n_out, 4);
        shifted = random_floats(round_up(MOST_TEST_ROWS, GEMM_MOST_ROWS) * product.n_in, 5);
        assert_int_equal(
            gemm_multiply(product.context, product.packed, product.a, MOST_TEST_ROWS, product.c),
            STATUS_OK);
        for (size_t n_rows = 1; n_rows <= MOST_TEST_ROWS; n_rows += n_rows < 70 ? 1 : 17) {
            size_t first = MOST_TEST_ROWS - n_rows;

            memcpy(shifted, product.a + first * product.n_in,
                   n_rows * product.n_in * sizeof(float));
            assert_int_equal(gemm_multiply(product.context, product.packed, shifted, n_rows, part),
                             STATUS_OK);
            assert_memory_equal(part, product.c + first * product.n_out,
                                n_rows * product.n_out * sizeof(float));
        }
        free(shifted);
        free(part);
        product_release(&product);
    }
}

/* A silent fall to another implementation costs up to a thousandfold: see it here. */
static void test_gemm__takes_the_fast_implementation(void **state)
{
    struct product product;

    (void)state;
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl"))
        skip();
#else
    skip();
#endif
    product_init(&product, 1024, 1024);
    assert_non_null(strstr(gemm_name(product.gemm), " brg"));
    product_release(&product);
}

static void test_gemm__one_shape_packs_many_weights(void **state)
{
    struct product product;
    struct gemm_weights *second = NULL;
    struct gemm_context *context = NULL;
    float *twice;
    struct error error = {0};

    (void)state;
    product_init(&product, 96, 32);
    twice = random_floats(96 * 32, 1);
    for (size_t i = 0; i < 96 * 32; i++)
        twice[i] *= 2;
    assert_int_equal(gemm_pack(product.gemm, twice, 96, 32, &second, &error), STATUS_OK);
    assert_int_equal(gemm_context_new(product.gemm, &context), STATUS_OK);
    assert_int_equal(gemm_multiply(context, product.packed, product.a, 5, product.c), STATUS_OK);
    assert_int_equal(gemm_multiply(context, second, product.a, 5, product.c + 64 * 96), STATUS_OK);
    for (size_t i = 0; i < 5 * 96; i++)
        assert_true(product.c[64 * 96 + i] == 2 * product.c[i]);
    gemm_context_free(context);
    gemm_weights_free(second);
    free(twice);
    product_release(&product);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm__agrees_with_double_arithmetic),
        cmocka_unit_test(test_gemm__row_bits_do_not_depend_on_the_batch),
        cmocka_unit_test(test_gemm__takes_the_fast_implementation),
        cmocka_unit_test(test_gemm__one_shape_packs_many_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
