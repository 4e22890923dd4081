/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

#include "engine/kernels/c/kernels_c.h"

/* oneDNN's is tested by test_gemm.c, at the levels that leave these products to it. */
static kernel_multiply_float32 *version_of(void **state)
{
    const struct kernels kernels = level_kernels(state);

    return kernels.multiply_float32 ? kernels.multiply_float32 : multiply_float32_c;
}

/* A product of random operands, each against a forbidden page. */
struct product {
    size_t n_rows, n_out, n_in;
    struct fence a;       /* [n_rows, n_in] */
    struct fence weights; /* [n_out, n_in] */
    struct fence packed;
    struct fence c; /* [n_rows, n_out] */
};

static struct product product_new(size_t n_rows, size_t n_out, size_t n_in)
{
    struct random random = {n_rows * 31 + n_out * 7 + n_in};
    struct product product = {
        .n_rows = n_rows,
        .n_out = n_out,
        .n_in = n_in,
        .a = fence_new_random(&random, -1, 1, n_rows * n_in),
        .weights = fence_new_random(&random, -1, 1, n_out * n_in),
        .packed = fence_new_of(kernel_float32_packed_bytes(n_out, n_in), 1),
        .c = fence_new(n_rows * n_out),
    };

    kernel_float32_pack(product.weights.data, n_out, n_in, product.packed.data);
    return product;
}

static void product_free(struct product *product)
{
    fence_free(&product->a);
    fence_free(&product->weights);
    fence_free(&product->packed);
    fence_free(&product->c);
}

/* Each of n_in additions rounds a sum that is no larger than that of the magnitudes. */
static void assert_product(const struct product *p)
{
    for (size_t i = 0; i < p->n_rows; i++)
        for (size_t j = 0; j < p->n_out; j++) {
            double sum = 0, magnitudes = 0;

            for (size_t k = 0; k < p->n_in; k++) {
                const double term =
                    (double)p->a.data[i * p->n_in + k] * p->weights.data[j * p->n_in + k];

                sum += term;
                magnitudes += fabs(term);
            }
            assert_true(fabs(p->c.data[i * p->n_out + j] - sum) <=
                        0x1p-24 * (double)p->n_in * magnitudes);
        }
}

static void check_shape(kernel_multiply_float32 *multiply, size_t n_rows, size_t n_out, size_t n_in)
{
    struct product p = product_new(n_rows, n_out, n_in);

    multiply(p.a.data, n_rows, p.packed.data, n_out, n_in, p.c.data);
    assert_product(&p);
    product_free(&p);
}

static void test_multiply_float32__awkward_lengths(void **state)
{
    kernel_multiply_float32 *multiply = version_of(state);

    for (size_t i = 0; i < N_AWKWARD; i++) {
        check_shape(multiply, 7, 17, AWKWARD[i]);
        check_shape(multiply, 7, AWKWARD[i], 19);
    }
}

/* Promise 1: a row's bits depend neither on how many there are, nor on its place. */
static void test_multiply_float32__row_does_not_depend_on_others(void **state)
{
    kernel_multiply_float32 *multiply = version_of(state);
    enum { ROWS = KERNEL_FLOAT32_ROWS, OUT = 35, IN = 71 };
    struct product whole = product_new(ROWS, OUT, IN);

    multiply(whole.a.data, ROWS, whole.packed.data, OUT, IN, whole.c.data);
    for (size_t first = 0; first < ROWS; first++)
        for (size_t n_rows = 1; n_rows <= ROWS - first; n_rows += n_rows < 14 ? 1 : 7) {
            struct fence part = fence_new(n_rows * OUT);

            multiply(whole.a.data + first * IN, n_rows, whole.packed.data, OUT, IN, part.data);
            assert_same(part.data, whole.c.data + first * OUT, n_rows * OUT);
            fence_free(&part);
        }
    product_free(&whole);
}

/* Nor on the panel of columns, which is a stretch of the packed weights. */
static void test_multiply_float32__panels_lie_one_after_another(void **state)
{
    kernel_multiply_float32 *multiply = version_of(state);
    enum { WIDTH = 2 * KERNEL_FLOAT32_WIDTH, OUT = 2 * WIDTH, IN = 45, ROWS = 9 };
    struct product whole = product_new(ROWS, OUT, IN);
    struct fence part = fence_new(ROWS * WIDTH);

    multiply(whole.a.data, ROWS, whole.packed.data, OUT, IN, whole.c.data);
    for (size_t half = 0; half < 2; half++) {
        multiply(whole.a.data, ROWS, whole.packed.data + half * WIDTH * IN, WIDTH, IN, part.data);
        for (size_t row = 0; row < ROWS; row++)
            assert_same(part.data + row * WIDTH, whole.c.data + row * OUT + half * WIDTH, WIDTH);
    }
    fence_free(&part);
    product_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_multiply_float32__awkward_lengths),
        TEST_LEVELS(test_multiply_float32__row_does_not_depend_on_others),
        TEST_LEVELS(test_multiply_float32__panels_lie_one_after_another),
    };

    return cmocka_run_group_tests_name("multiply_float32", tests, NULL, NULL);
}
