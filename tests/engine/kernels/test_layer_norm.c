/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/engine/kernels/kernel_test.h"

/* The formula of the paper in long double, the oracle. */
static void exact_layer_norm(const float *x, const float *gamma, const float *beta, float eps,
                             size_t n, float *y)
{
    long double mean = 0, variance = 0;

    for (size_t i = 0; i < n; i++)
        mean += (long double)x[i];
    mean /= n;
    for (size_t i = 0; i < n; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    variance /= n;
    for (size_t i = 0; i < n; i++)
        y[i] = (float)((x[i] - mean) / sqrtl(variance + eps) * gamma[i] + beta[i]);
}

/* Inputs of rows of one length. */
struct rows {
    size_t n_rows, n;
    struct fence x, gamma, beta;
};

static struct rows rows_new(struct random *random, float low, float high, size_t n_rows, size_t n)
{
    return (struct rows){
        .n_rows = n_rows,
        .n = n,
        .x = fence_new_random(random, low, high, n_rows * n),
        .gamma = fence_new_random(random, 0.5f, 1.5f, n),
        .beta = fence_new_random(random, -0.5f, 0.5f, n),
    };
}

static void rows_free(struct rows *rows)
{
    fence_free(&rows->x);
    fence_free(&rows->gamma);
    fence_free(&rows->beta);
}

static void check_rows(kernel_layer_norm *kernel, struct rows *rows, double tolerance)
{
    const size_t n = rows->n;
    struct fence expected = fence_new(rows->n_rows * n);

    for (size_t i = 0; i < rows->n_rows; i++)
        exact_layer_norm(rows->x.data + i * n, rows->gamma.data, rows->beta.data, 1e-5f, n,
                         expected.data + i * n);
    kernel(rows->x.data, rows->gamma.data, rows->beta.data, 1e-5f, rows->n_rows, n);
    assert_close(rows->x.data, expected.data, rows->n_rows * n, tolerance, 0);
    fence_free(&expected);
}

/* Numbers of size 1 to 5, normalised, of which the sums' rounding leaves a few units of 6e-8. With
 * few columns the deviation may be small, and the mean's error is then divided by it. */
static void test_layer_norm__awkward_lengths(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {1};

    for (size_t i = 0; i < N_AWKWARD; i++)
        for (size_t n_rows = 1; n_rows <= 5; n_rows++) {
            struct rows rows = rows_new(&random, -4, 5, n_rows, AWKWARD[i]);

            check_rows(kernels.layer_norm, &rows, AWKWARD[i] < 8 ? 1e-4 : 4e-6);
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
        struct rows rows = rows_new(&random, 999, 1001, 1, AWKWARD[i]);

        check_rows(kernels.layer_norm, &rows, 1e-3);
        rows_free(&rows);
    }
}

static void test_layer_norm__equal_inputs_give_beta(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {3};

    for (size_t i = 0; i < N_AWKWARD; i++) {
        struct rows rows = rows_new(&random, 0.5f, 0.5f, 1, AWKWARD[i]); /* sums of it are exact */

        kernels.layer_norm(rows.x.data, rows.gamma.data, rows.beta.data, 1e-12f, 1, rows.n);
        assert_same(rows.x.data, rows.beta.data, rows.n);
        rows_free(&rows);
    }
}

static void test_layer_norm__what_is_not_finite_stays_so(void **state)
{
    const struct kernels kernels = level_kernels(state);
    struct random random = {5};
    struct rows rows = rows_new(&random, -2, 2, 2, 100);

    rows.x.data[99] = NAN;
    kernels.layer_norm(rows.x.data, rows.gamma.data, rows.beta.data, 1e-12f, 2, 100);
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
        struct rows rows = rows_new(&random, -4, 5, 5, AWKWARD[i]);
        const size_t n = rows.n;
        struct fence together = fence_new_copy(rows.x.data, 5 * n);

        kernels.layer_norm(together.data, rows.gamma.data, rows.beta.data, 1e-12f, 5, n);
        for (size_t row = 0; row < 5; row++) {
            struct fence alone = fence_new(n + row);

            memcpy(alone.data, rows.x.data + row * n, n * sizeof(float));
            kernels.layer_norm(alone.data, rows.gamma.data, rows.beta.data, 1e-12f, 1, n);
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
        TEST_LEVELS(test_layer_norm__what_is_not_finite_stays_so),
        TEST_LEVELS(test_layer_norm__row_does_not_depend_on_others),
    };

    return cmocka_run_group_tests_name("layer_norm", tests, NULL, NULL);
}
