/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

/* The formula of the paper in long double, the oracle. bias or residual may be NULL. */
static void exact_layer_norm(const float *x, const float *bias, const float *residual,
                             const float *gamma, const float *beta, float eps, size_t n, float *y)
{
    long double mean = 0, variance = 0;

    for (size_t i = 0; i < n; i++)
        mean += (long double)x[i] + (bias ? bias[i] : 0) + (residual ? residual[i] : 0);
    mean /= n;
    for (size_t i = 0; i < n; i++) {
        const long double distance =
            (long double)x[i] + (bias ? bias[i] : 0) + (residual ? residual[i] : 0) - mean;

        variance += distance * distance;
    }
    variance /= n;
    for (size_t i = 0; i < n; i++) {
        const long double distance =
            (long double)x[i] + (bias ? bias[i] : 0) + (residual ? residual[i] : 0) - mean;

        y[i] = (float)(distance / sqrtl(variance + eps) * gamma[i] + beta[i]);
    }
}

/* Inputs of rows of one length. */
struct rows {
    size_t n_rows, n;
    struct fence x, bias, residual, gamma, beta;
};

static struct rows rows_new(struct random *random, size_t n_rows, size_t n)
{
    return (struct rows){
        .n_rows = n_rows,
        .n = n,
        .x = fence_new_random(random, -2, 3, n_rows * n),
        .bias = fence_new_random(random, -1, 1, n),
        .residual = fence_new_random(random, -3, 2, n_rows * n),
        .gamma = fence_new_random(random, 0.5f, 1.5f, n),
        .beta = fence_new_random(random, -0.5f, 0.5f, n),
    };
}

static void rows_free(struct rows *rows)
{
    fence_free(&rows->x);
    fence_free(&rows->bias);
    fence_free(&rows->residual);
    fence_free(&rows->gamma);
    fence_free(&rows->beta);
}

/* Numbers of size 1 to 5, normalised, of which the sums' rounding leaves a few units of 6e-8. With
 * n = 1 the distance from the mean is zero; with few columns it may be small, and is then divided
 * by as small a deviation: the error of x + bias + residual (2 x 3e-7) counts in full. */
enum { OPTIONAL_BIAS = 1, OPTIONAL_RESIDUAL = 2, N_OPTIONS = 4 };

static void check_rows(kernel_layer_norm *kernel, const struct rows *rows, int options)
{
    const float *bias = options & OPTIONAL_BIAS ? rows->bias.data : NULL;
    const float *residual = options & OPTIONAL_RESIDUAL ? rows->residual.data : NULL;
    struct fence y = fence_new(rows->n_rows * rows->n);
    struct fence expected = fence_new(rows->n_rows * rows->n);

    for (size_t i = 0; i < rows->n_rows; i++)
        exact_layer_norm(rows->x.data + i * rows->n, bias, residual ? residual + i * rows->n : NULL,
                         rows->gamma.data, rows->beta.data, 1e-5f, rows->n,
                         expected.data + i * rows->n);
    kernel(rows->x.data, bias, residual, rows->gamma.data, rows->beta.data, 1e-5f, rows->n_rows,
           rows->n, y.data);
    assert_close(y.data, expected.data, rows->n_rows * rows->n, rows->n < 8 ? 1e-4 : 4e-6, 0);
    fence_free(&y);
    fence_free(&expected);
}

static void test_layer_norm__awkward_lengths(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {1};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t n_rows = 1; n_rows <= 5; n_rows++) {
            struct rows rows = rows_new(&random, n_rows, AWKWARD[i]);

            for (int options = 0; options < N_OPTIONS; options++)
                check_rows(kernels.layer_norm, &rows, options);
            rows_free(&rows);
        }
}

/* A mean two thousand times the deviation, of which the mean square less the square of the mean
 * would keep no digit. Vector sums of up to 64,000 are rounded to 0.004, which moves the mean by up
 * to 1e-4, and the deviation is 0.6. */
static void test_layer_norm__large_mean(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {2};

    for (size_t i = 3; i < N_AWKWARD; i++) {
        const size_t n = AWKWARD[i];
        struct rows rows = rows_new(&random, 1, n);
        struct fence expected = fence_new(n), y = fence_new(n);

        random_fill(&random, 999, 1001, rows.x.data, n);
        exact_layer_norm(rows.x.data, NULL, NULL, rows.gamma.data, rows.beta.data, 1e-5f, n,
                         expected.data);
        kernels.layer_norm(rows.x.data, NULL, NULL, rows.gamma.data, rows.beta.data, 1e-5f, 1, n,
                           y.data);
        assert_close(y.data, expected.data, n, 1e-3, 0);
        fence_free(&expected);
        fence_free(&y);
        rows_free(&rows);
    }
}

static void test_layer_norm__equal_inputs_give_beta(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {3};

    for (size_t i = 0; i < N_AWKWARD; i++) {
        struct rows rows = rows_new(&random, 1, AWKWARD[i]);

        for (size_t j = 0; j < rows.n; j++)
            rows.x.data[j] = 0.5f; /* sums of it are exact */
        kernels.layer_norm(rows.x.data, NULL, NULL, rows.gamma.data, rows.beta.data, 1e-12f, 1,
                           rows.n, rows.x.data);
        assert_same(rows.x.data, rows.beta.data, rows.n);
        rows_free(&rows);
    }
}

static void test_layer_norm__writes_over_x_or_residual(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {4};

    for (size_t i = 0; i < N_AWKWARD; i++) {
        struct rows rows = rows_new(&random, 3, AWKWARD[i]);
        const size_t n = rows.n_rows * rows.n;
        struct fence y = fence_new(n);
        struct fence over_x = fence_new_copy(rows.x.data, n);
        struct fence over_residual = fence_new_copy(rows.residual.data, n);

        kernels.layer_norm(rows.x.data, rows.bias.data, rows.residual.data, rows.gamma.data,
                           rows.beta.data, 1e-12f, 3, rows.n, y.data);
        kernels.layer_norm(over_x.data, rows.bias.data, rows.residual.data, rows.gamma.data,
                           rows.beta.data, 1e-12f, 3, rows.n, over_x.data);
        kernels.layer_norm(rows.x.data, rows.bias.data, over_residual.data, rows.gamma.data,
                           rows.beta.data, 1e-12f, 3, rows.n, over_residual.data);
        assert_same(over_x.data, y.data, n);
        assert_same(over_residual.data, y.data, n);
        fence_free(&y);
        fence_free(&over_x);
        fence_free(&over_residual);
        rows_free(&rows);
    }
}

static void test_layer_norm__what_is_not_finite_stays_so(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {5};
    struct rows rows = rows_new(&random, 2, 100);

    rows.x.data[99] = NAN;
    kernels.layer_norm(rows.x.data, rows.bias.data, rows.residual.data, rows.gamma.data,
                       rows.beta.data, 1e-12f, 2, 100, rows.x.data);
    for (size_t i = 0; i < 100; i++) {
        assert_true(isnan(rows.x.data[i]));
        assert_true(isfinite(rows.x.data[100 + i]));
    }
    rows_free(&rows);
}

/* Promise 1: a row alone, on another alignment, gives the same bytes as among others. */
static void test_layer_norm__row_does_not_depend_on_others(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {6};

    for (size_t i = 0; i < N_AWKWARD; i++) {
        struct rows rows = rows_new(&random, 5, AWKWARD[i]);
        const size_t n = rows.n;
        struct fence together = fence_new(5 * n);

        kernels.layer_norm(rows.x.data, rows.bias.data, rows.residual.data, rows.gamma.data,
                           rows.beta.data, 1e-12f, 5, n, together.data);
        for (size_t row = 0; row < 5; row++) {
            struct fence alone = fence_new(n + row);

            memcpy(alone.data, rows.x.data + row * n, n * sizeof(float));
            kernels.layer_norm(alone.data, rows.bias.data, rows.residual.data + row * n,
                               rows.gamma.data, rows.beta.data, 1e-12f, 1, n, alone.data);
            assert_same(alone.data, together.data + row * n, n);
            fence_free(&alone);
        }
        fence_free(&together);
        rows_free(&rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_LEVELS(test_layer_norm__awkward_lengths),
        TEST_LEVELS(test_layer_norm__large_mean),
        TEST_LEVELS(test_layer_norm__equal_inputs_give_beta),
        TEST_LEVELS(test_layer_norm__writes_over_x_or_residual),
        TEST_LEVELS(test_layer_norm__what_is_not_finite_stays_so),
        TEST_LEVELS(test_layer_norm__row_does_not_depend_on_others),
    };

    return cmocka_run_group_tests_name("layer_norm", tests, NULL, NULL);
}
