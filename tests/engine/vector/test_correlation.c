/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/vector/correlation.h"

#include <math.h>

enum { MAX_PAIRS = 40 };

static const struct correlation_case {
    size_t n;
    double x[MAX_PAIRS];
    double y[MAX_PAIRS];
    uint32_t weights[MAX_PAIRS];
    double x_ranks[MAX_PAIRS];
    double correlations[2];
} cases[] = {
#include "tests/data/models/correlation.inc"
};

static void rank(const double *values, const uint32_t *weights, size_t n, double *ret_ranks)
{
    struct rank_order order;

    assert_int_equal(rank_order_init(&order, values, n), STATUS_OK);
    rank_order_find(&order, weights, ret_ranks);
    rank_order_release(&order);
}

static void test_correlation__agrees_with_scipy(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct correlation_case *one = &cases[c];
        double x_ranks[MAX_PAIRS];
        double y_ranks[MAX_PAIRS];

        rank(one->x, one->weights, one->n, x_ranks);
        rank(one->y, one->weights, one->n, y_ranks);
        for (size_t i = 0; i < one->n; i++)
            assert_true(one->weights[i] == 0 || x_ranks[i] == one->x_ranks[i]);
        assert_true(fabs(correlation_pearson(one->x, one->y, one->weights, one->n) -
                         one->correlations[0]) < 1e-12);
        assert_true(fabs(correlation_pearson(x_ranks, y_ranks, one->weights, one->n) -
                         one->correlations[1]) < 1e-12);
    }
}

static void test_correlation__no_weights_are_ones(void **state)
{
    const double x[] = {3, 1, 3, 2};
    const double y[] = {1, 5, 2, 2};
    const uint32_t ones[] = {1, 1, 1, 1};
    double ranks[4];

    (void)state;
    assert_true(correlation_pearson(x, y, NULL, 4) == correlation_pearson(x, y, ones, 4));
    rank(x, NULL, 4, ranks);
    assert_true(ranks[0] == 3.5 && ranks[1] == 1 && ranks[2] == 3.5 && ranks[3] == 2);
}

static void test_correlation__of_what_does_not_vary_is_nan(void **state)
{
    const double x[] = {3, 1, 2};
    const double same[] = {4, 4, 4};

    (void)state;
    assert_true(isnan(correlation_pearson(x, same, NULL, 3)));
    assert_true(isnan(correlation_pearson(x, x, NULL, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_correlation__agrees_with_scipy),
        cmocka_unit_test(test_correlation__no_weights_are_ones),
        cmocka_unit_test(test_correlation__of_what_does_not_vary_is_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
