/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

#if defined(__x86_64__)
static const struct level LEVEL_AVX_VNNI = {"avx_vnni", CPU_AVX2 | CPU_AVX_VNNI};
#define TEST_OWN_LEVELS(test) TEST_LEVELS(test), TEST_OF_LEVEL(test, LEVEL_AVX_VNNI)
#elif defined(__aarch64__)
static const struct level LEVEL_DOTPROD = {"dotprod", CPU_NEON | CPU_DOTPROD};
#define TEST_OWN_LEVELS(test) TEST_LEVELS(test), TEST_OF_LEVEL(test, LEVEL_DOTPROD)
#else
#define TEST_OWN_LEVELS(test) TEST_LEVELS(test)
#endif

static uint32_t random_bits(struct random *random)
{
    (void)random_uniform(random, 0, 1);
    return (uint32_t)(random->state >> 33);
}

/* A product of random operands, each against a forbidden page. */
struct product {
    size_t n_rows, n_out, n_in;
    struct fence a;       /* [n_rows, n_in] */
    int8_t *weights;      /* [n_out, n_in] */
    struct fence packed;  /* of the weights */
    struct fence scratch; /* KERNEL_INT8_SCRATCH of two bytes */
    struct fence c;       /* [n_rows, n_out] */
};

static struct product product_new(size_t n_rows, size_t n_out, size_t n_in)
{
    struct random random = {n_rows * 31 + n_out * 7 + n_in};
    struct product product = {
        .n_rows = n_rows,
        .n_out = n_out,
        .n_in = n_in,
        .a = fence_new_of(n_rows * n_in, 1),
        .weights = malloc(n_out * n_in),
        .packed = fence_new_of(kernel_int8_packed_bytes(n_out, n_in), 1),
        .scratch = fence_new_of(KERNEL_INT8_SCRATCH, sizeof(int16_t)),
        .c = fence_new(n_rows * n_out),
    };

    assert_non_null(product.weights);
    for (size_t i = 0; i < n_rows * n_in; i++)
        product.a.bytes[i] = (uint8_t)random_bits(&random);
    for (size_t i = 0; i < n_out * n_in; i++)
        product.weights[i] = (int8_t)(random_bits(&random) % 255 - 127);
    return product;
}

static void product_free(struct product *product)
{
    fence_free(&product->a);
    free(product->weights);
    fence_free(&product->packed);
    fence_free(&product->scratch);
    fence_free(&product->c);
}

static void multiply(const struct kernels *kernels, struct product *product)
{
    kernel_int8_pack(product->weights, product->n_out, product->n_in,
                     (int8_t *)product->packed.bytes);
    kernels->multiply_int8(product->a.bytes, product->n_rows, (int8_t *)product->packed.bytes,
                           product->n_out, product->n_in, (int16_t *)product->scratch.halves,
                           product->c.ints);
}

static void assert_exact(const struct product *product)
{
    for (size_t i = 0; i < product->n_rows; i++)
        for (size_t j = 0; j < product->n_out; j++) {
            int64_t sum = 0;

            for (size_t k = 0; k < product->n_in; k++)
                sum += product->a.bytes[i * product->n_in + k] *
                       product->weights[j * product->n_in + k];
            assert_int_equal(product->c.ints[i * product->n_out + j], sum);
        }
}

static void check_shape(const struct kernels *kernels, size_t n_rows, size_t n_out, size_t n_in)
{
    struct product product = product_new(n_rows, n_out, n_in);

    multiply(kernels, &product);
    assert_exact(&product);
    product_free(&product);
}

static void test_multiply_int8__awkward_lengths(void **state)
{
    const struct kernels kernels = level_kernels(state);

    for (size_t i = 0; i < N_AWKWARD; i++) {
        check_shape(&kernels, 7, 17, AWKWARD[i]);
        check_shape(&kernels, 7, AWKWARD[i], 19);
        check_shape(&kernels, 3, 33, AWKWARD[i] + KERNEL_INT8_DEPTH);
    }
}

static void test_multiply_int8__any_number_of_rows(void **state)
{
    const struct kernels kernels = level_kernels(state);

    for (size_t n_rows = 1; n_rows <= KERNEL_INT8_ROWS; n_rows++)
        check_shape(&kernels, n_rows, 35, 71);
}

/* Where products of bytes that are added up in 16 bits would saturate. */
static void test_multiply_int8__largest_magnitudes(void **state)
{
    static const int8_t extremes[] = {127, -127, -128};
    const struct kernels kernels = level_kernels(state);

    for (size_t i = 0; i < 3; i++) {
        struct product product = product_new(6, 16, 4096);

        memset(product.a.bytes, 255, 6 * 4096);
        memset(product.weights, extremes[i], 16 * 4096);
        multiply(&kernels, &product);
        assert_exact(&product);
        product_free(&product);
    }
}

/* A panel of columns is a stretch of the packed weights. */
static void test_multiply_int8__panels_lie_one_after_another(void **state)
{
    const struct kernels kernels = level_kernels(state);
    enum { OUT = 4 * KERNEL_INT8_WIDTH, IN = 45, ROWS = 9 };
    const size_t half_bytes = kernel_int8_packed_bytes(OUT / 2, IN);
    struct product product = product_new(ROWS, OUT, IN);
    struct fence part = fence_new(ROWS * OUT / 2);

    multiply(&kernels, &product);
    assert_int_equal(kernel_int8_packed_bytes(OUT, IN), 2 * half_bytes);
    for (size_t half = 0; half < 2; half++) {
        kernels.multiply_int8(product.a.bytes, ROWS,
                              (int8_t *)product.packed.bytes + half * half_bytes, OUT / 2, IN,
                              (int16_t *)product.scratch.halves, part.ints);
        for (size_t row = 0; row < ROWS; row++)
            assert_memory_equal(part.ints + row * OUT / 2,
                                product.c.ints + row * OUT + half * OUT / 2,
                                OUT / 2 * sizeof(int32_t));
    }
    fence_free(&part);
    product_free(&product);
}

#if defined(__x86_64__)
static void test_multiply_int8__is_left_to_onednn_where_that_is_exact(void **state)
{
    struct kernels kernels;

    (void)state;
    kernels_choose(&kernels, CPU_AVX2 | CPU_AVX512 | CPU_AVX512_VNNI);
    assert_null(kernels.multiply_int8);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_OWN_LEVELS(test_multiply_int8__awkward_lengths),
        TEST_OWN_LEVELS(test_multiply_int8__any_number_of_rows),
        TEST_OWN_LEVELS(test_multiply_int8__largest_magnitudes),
        TEST_OWN_LEVELS(test_multiply_int8__panels_lie_one_after_another),
#if defined(__x86_64__)
        cmocka_unit_test(test_multiply_int8__is_left_to_onednn_where_that_is_exact),
#endif
    };

    return cmocka_run_group_tests_name("multiply_int8", tests, NULL, NULL);
}
