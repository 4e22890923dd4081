/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/bootstrap.h"

#include <math.h>
#include <stdbool.h>

enum { MAX_ROWS = 30, MAX_COLUMNS = 3, MAX_RESAMPLES = 50 };

static const struct bootstrap_case {
    size_t n;
    size_t n_columns;
    size_t n_resamples;
    uint64_t seed;
    double confidence;
    size_t draws[MAX_ROWS];
    double values[MAX_ROWS * MAX_COLUMNS];
    double means[MAX_RESAMPLES * MAX_COLUMNS];
    double intervals[2 * MAX_COLUMNS]; /* low, high */
} cases[] = {
#include "tests/data/models/bootstrap.inc"
};

/* Two equal values add up in another order than NumPy's at most. */
static bool is_close(double a, double b)
{
    return fabs(a - b) < 1e-14;
}

static void test_bootstrap__agrees_with_numpy(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct bootstrap_case *one = &cases[c];
        double means[MAX_RESAMPLES * MAX_COLUMNS];

        for (size_t i = 0; i < one->n; i++)
            assert_int_equal(bootstrap_draw(one->seed, i, one->n), one->draws[i]);
        assert_int_equal(bootstrap_means(one->values, one->n, one->n_columns, one->seed,
                                         one->n_resamples, means),
                         STATUS_OK);
        for (size_t i = 0; i < one->n_columns * one->n_resamples; i++)
            assert_true(is_close(means[i], one->means[i]));
        for (size_t i = 0; i < one->n_columns; i++) {
            struct interval interval =
                bootstrap_interval(means + i * one->n_resamples, one->n_resamples, one->confidence);

            assert_true(is_close(interval.low, one->intervals[2 * i]));
            assert_true(is_close(interval.high, one->intervals[2 * i + 1]));
        }
    }
}

/* 95 % intervals of the mean hold the true one in about 95 % of samples: here of 400 samples of 60
 * uniform numbers, so within four standard errors of 0.94 (percentiles are a little narrow). */
static void test_bootstrap__intervals_cover_the_mean(void **state)
{
    enum { N = 60, N_SAMPLES = 400, N_RESAMPLES = 500 };
    static double means[N_RESAMPLES];
    double values[N];
    unsigned n_covered = 0;

    (void)state;
    for (uint64_t sample = 0; sample < N_SAMPLES; sample++) {
        struct interval interval;

        for (size_t i = 0; i < N; i++)
            values[i] = (double)bootstrap_draw(99, sample * N + i, 1000000) / 1e6;
        assert_int_equal(bootstrap_means(values, N, 1, sample, N_RESAMPLES, means), STATUS_OK);
        interval = bootstrap_interval(means, N_RESAMPLES, 95);
        n_covered += interval.low <= 0.5 && 0.5 <= interval.high;
    }
    assert_in_range(n_covered, (unsigned)(N_SAMPLES * 0.89), (unsigned)(N_SAMPLES * 0.99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bootstrap__agrees_with_numpy),
        cmocka_unit_test(test_bootstrap__intervals_cover_the_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
