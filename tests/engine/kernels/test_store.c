/* SPDX-License-Identifier: Apache-2.0 */

/* Every operation on a product, GELU's among them, in every combination of formats. */
#include "tests/engine/kernels/kernel_test.h"

static double exact_store(double x)
{
    return x;
}

static double exact_relu(double x)
{
    return fmax(x, 0);
}

static double exact_gelu(double x)
{
    return x / 2 * erfc(-x * M_SQRT1_2);
}

static double exact_gelu_tanh(double x)
{
    return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

static double exact_silu(double x)
{
    return x / (1 + exp(-x));
}

/* An operation's versions for one level. */
struct operation {
    kernel_store *const (*stores)[N_KERNEL_TYPES];
    double (*exact)(double x);
    double rough; /* error allowed where few bits are kept: to bfloat16, and from int32 */
};

enum { N_OPERATIONS = 5 };

static void operations_of(const struct kernels *kernels, struct operation *ret_operations)
{
    ret_operations[0] = (struct operation){kernels->store, exact_store, 0};
    ret_operations[1] = (struct operation){kernels->relu, exact_relu, 0};
    ret_operations[2] = (struct operation){kernels->gelu, exact_gelu, 2e-5};
    ret_operations[3] = (struct operation){kernels->gelu_tanh, exact_gelu_tanh, 2e-5};
    ret_operations[4] = (struct operation){kernels->silu, exact_silu, 2.5e-5};
}

static const enum kernel_type INPUTS[] = {KERNEL_FLOAT32, KERNEL_INT32};

/* A product with every array fenced. */
struct inputs {
    struct fence c, bias, row_scales, zeros, column_scales, sums;
    struct kernel_product product;
};

static struct inputs inputs_new(struct random *random, enum kernel_type type, size_t n_rows,
                                size_t n)
{
    struct inputs in = {
        .c = fence_new_random(random, -6, 6, n_rows * n),
        .bias = fence_new_random(random, -1, 1, n),
        .row_scales = fence_new_random(random, 0.01f, 0.02f, n_rows),
        .zeros = fence_new(n_rows),
        .column_scales = fence_new_random(random, 0.001f, 0.002f, n),
        .sums = fence_new(n),
    };

    for (size_t i = 0; i < n; i++)
        in.sums.ints[i] = (int32_t)random_uniform(random, -130000, 130000);
    for (size_t row = 0; row < n_rows; row++)
        in.zeros.ints[row] = (int32_t)random_uniform(random, 0, 256);
    for (size_t i = 0; i < n_rows * n && type == KERNEL_INT32; i++)
        in.c.ints[i] = (int32_t)random_uniform(random, -300000, 300000) +
                       in.zeros.ints[i / n] * in.sums.ints[i % n];
    in.product = (struct kernel_product){
        .c = in.c.data,
        .bias = in.bias.data,
        .n_rows = n_rows,
        .n = n,
        .row_scales = in.row_scales.data,
        .zeros = in.zeros.ints,
        .column_scales = in.column_scales.data,
        .sums = in.sums.ints,
    };
    return in;
}

static void inputs_free(struct inputs *in)
{
    fence_free(&in->c);
    fence_free(&in->bias);
    fence_free(&in->row_scales);
    fence_free(&in->zeros);
    fence_free(&in->column_scales);
    fence_free(&in->sums);
}

/* The header's formula in double. */
static double exact_value(const struct kernel_product *p, enum kernel_type type, size_t row,
                          size_t i)
{
    const size_t at = row * p->n + i;

    if (type == KERNEL_FLOAT32)
        return (double)((const float *)p->c)[at] + p->bias[i];
    return (((const int32_t *)p->c)[at] - (double)p->zeros[row] * p->sums[i]) *
               ((double)p->row_scales[row] * p->column_scales[i]) +
           p->bias[i];
}

/* The value is rounded up to four times at 6e-8 of at most 12, GELU's slope is at most 1.13 and its
 * own error 1e-7 of |x| (test_gelu.c). A bfloat16 is within 2^-8 of what was rounded. */
static double tolerance_of(const struct operation *operation, enum kernel_type input,
                           enum kernel_type output, double exact)
{
    const bool rough = input == KERNEL_INT32 || output == KERNEL_BFLOAT16;

    return 5e-6 + (rough ? operation->rough : 0) +
           (output == KERNEL_BFLOAT16 ? 0x1p-8 * 1.001 * fabs(exact) : 0);
}

/* Both formats agree with the formula; bfloat16 is float32 rounded where both are computed alike;
 * nothing is written between the rows or after them. */
static void check_operation(const struct operation *operation, const struct inputs *in,
                            enum kernel_type type)
{
    const size_t n_rows = in->product.n_rows, n = in->product.n, y_stride = n + 3;
    struct fence y = fence_new((n_rows - 1) * y_stride + n);
    struct fence halves = fence_new_of(y.n, sizeof(uint16_t));

    operation->stores[type][KERNEL_FLOAT32](&in->product, y.data, y_stride);
    operation->stores[type][KERNEL_BFLOAT16](&in->product, halves.halves, y_stride);
    for (size_t at = 0; at < y.n; at++) {
        const size_t row = at / y_stride, i = at % y_stride;
        const float half = bfloat16_value(halves.halves[at]);
        double exact;

        if (i >= n) {
            assert_int_equal(halves.halves[at], 0xa5a5);
            assert_int_equal(y.ints[at], (int32_t)0xa5a5a5a5);
            continue;
        }
        exact = operation->exact(exact_value(&in->product, type, row, i));
        assert_true(fabs(y.data[at] - exact) <=
                    tolerance_of(operation, type, KERNEL_FLOAT32, exact));
        assert_true(fabs(half - exact) <= tolerance_of(operation, type, KERNEL_BFLOAT16, exact));
        if (type == KERNEL_INT32 || operation->rough == 0)
            assert_true(half == exact_bfloat16(y.data[at]));
    }
    fence_free(&y);
    fence_free(&halves);
}

static void test_store__awkward_lengths(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct operation operations[N_OPERATIONS];
    struct random random = {1};

    operations_of(&kernels, operations);
    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t n_rows = 1; n_rows <= 3; n_rows += 2)
            for (size_t t = 0; t < 2; t++) {
                struct inputs in = inputs_new(&random, INPUTS[t], n_rows, AWKWARD[i]);

                for (size_t o = 0; o < N_OPERATIONS; o++)
                    check_operation(&operations[o], &in, INPUTS[t]);
                inputs_free(&in);
            }
}

static void test_store__add_adds(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {2};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t t = 0; t < 2; t++) {
            const size_t n_rows = 3, n = AWKWARD[i], x_stride = n + 1;
            struct inputs in = inputs_new(&random, INPUTS[t], n_rows, n);
            struct fence x = fence_new_random(&random, -5, 5, (n_rows - 1) * x_stride + n);
            struct fence start = fence_new_copy(x.data, x.n);

            kernels.add[INPUTS[t]](&in.product, x.data, x_stride);
            for (size_t row = 0; row < n_rows; row++)
                for (size_t j = 0; j < n; j++) {
                    const size_t at = row * x_stride + j;
                    const double exact =
                        start.data[at] + exact_value(&in.product, INPUTS[t], row, j);

                    assert_true(fabs(x.data[at] - exact) <= 5e-6);
                }
            for (size_t row = 0; row + 1 < n_rows; row++)
                assert_true(x.data[row * x_stride + n] == start.data[row * x_stride + n]);
            inputs_free(&in);
            fence_free(&x);
            fence_free(&start);
        }
}

/* Promise 1: columns [from, to) of one row, alone and on another alignment, have the bytes that
 * they have in the whole. */
static void check_panel(const struct kernels *kernels, const struct inputs *in,
                        enum kernel_type type, size_t row, size_t from, size_t to)
{
    const struct kernel_product *whole = &in->product;
    const size_t n = to - from, at = row * whole->n + from;
    struct operation operations[N_OPERATIONS];
    struct fence c = fence_new_copy(in->c.data + at, n);
    const struct kernel_product panel = {
        .c = c.data,
        .bias = whole->bias + from,
        .n_rows = 1,
        .n = n,
        .row_scales = whole->row_scales + row,
        .zeros = whole->zeros + row,
        .column_scales = whole->column_scales + from,
        .sums = whole->sums + from,
    };
    struct fence y = fence_new(n), x = fence_new(n), expected = fence_new(whole->n_rows * whole->n);

    operations_of(kernels, operations);
    for (size_t o = 0; o < N_OPERATIONS; o++) {
        operations[o].stores[type][KERNEL_FLOAT32](whole, expected.data, whole->n);
        operations[o].stores[type][KERNEL_FLOAT32](&panel, y.data, n);
        assert_same(y.data, expected.data + at, n);
        operations[o].stores[type][KERNEL_BFLOAT16](whole, expected.halves, whole->n);
        operations[o].stores[type][KERNEL_BFLOAT16](&panel, y.halves, n);
        assert_memory_equal(y.halves, expected.halves + at, n * sizeof(uint16_t));
    }
    for (size_t i = 0; i < whole->n_rows * whole->n; i++)
        expected.data[i] = (float)i;
    memcpy(x.data, expected.data + at, n * sizeof(float));
    kernels->add[type](whole, expected.data, whole->n);
    kernels->add[type](&panel, x.data, n);
    assert_same(x.data, expected.data + at, n);
    fence_free(&c);
    fence_free(&y);
    fence_free(&x);
    fence_free(&expected);
}

static void test_store__panels_have_the_bytes_of_the_whole(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {3};

    for (size_t t = 0; t < 2; t++) {
        struct inputs in = inputs_new(&random, INPUTS[t], 3, 101);

        for (size_t from = 0; from < 101; from += 3)
            for (size_t to = from + 1; to <= 101; to += 7)
                check_panel(&kernels, &in, INPUTS[t], from % 3, from, to);
        inputs_free(&in);
    }
}

static void test_store__special_values(void **state)
{
    const struct kernels kernels = level_kernels(state);
    const float c[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 1e-42f, -1e-42f};
    const float bias[7] = {-0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f};
    const struct kernel_product product = {.c = c, .bias = bias, .n_rows = 1, .n = 7};
    float y[7];
    uint16_t halves[7];

    kernels.store[KERNEL_FLOAT32][KERNEL_FLOAT32](&product, y, 7);
    assert_true(isnan(y[0]));
    assert_same(y + 1, c + 1, 6);
    kernels.store[KERNEL_FLOAT32][KERNEL_BFLOAT16](&product, halves, 7);
    assert_true(isnan(bfloat16_value(halves[0])));
    for (size_t i = 1; i < 7; i++)
        assert_true(bfloat16_value(halves[i]) == exact_bfloat16(c[i]));
    kernels.relu[KERNEL_FLOAT32][KERNEL_FLOAT32](&product, y, 7);
    assert_true(isnan(y[0]));
    assert_true(y[1] == INFINITY && y[2] == 0 && y[3] == 0 && y[4] == 0);
    assert_true(y[5] == 1e-42f && y[6] == 0);
}

/* Promise 10: a row whose scale is not finite (kernel_quantise) gives no finite value. */
static void test_store__scale_that_is_not_finite_shows(void **state)
{
    static const float bad[] = {NAN, INFINITY};
    const struct kernels kernels = level_kernels(state);
    struct random random = {4};

    for (size_t b = 0; b < 2; b++) {
        struct inputs in = inputs_new(&random, KERNEL_INT32, 2, 37);
        float y[2][37];

        in.row_scales.data[1] = bad[b];
        kernels.store[KERNEL_INT32][KERNEL_FLOAT32](&in.product, y, 37);
        for (size_t i = 0; i < 37; i++) {
            assert_true(isfinite(y[0][i]));
            assert_true(!isfinite(y[1][i]));
        }
        inputs_free(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_store__awkward_lengths),
        TEST_LEVELS(test_store__add_adds),
        TEST_LEVELS(test_store__panels_have_the_bytes_of_the_whole),
        TEST_LEVELS(test_store__special_values),
        TEST_LEVELS(test_store__scale_that_is_not_finite_shows),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
