/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/exchange/retry.h"

#include <stdbool.h>

static void test_retry__estimate_is_tokens_over_rate(void **state)
{
    (void)state;
    assert_true(retry_estimate_s(0, 0) == 1);
    assert_true(retry_estimate_s(1000000, 0) == 1); /* nothing measured yet */
    assert_true(retry_estimate_s(5000, 5000) == 1);
    assert_true(retry_estimate_s(5001, 5000) == 2);
    assert_true(retry_estimate_s(295000, 5000) == 59);
}

static void check(double estimate_s, double chance, unsigned seconds, unsigned ms)
{
    struct retry retry = retry_spread(estimate_s, chance);

    assert_int_equal(retry.seconds, seconds);
    assert_int_equal(retry.ms, ms);
}

static void test_retry__is_from_one_to_two_times_the_estimate(void **state)
{
    (void)state;
    check(10, 0, 10, 10000);
    check(10, 0.5, 15, 15000);
    check(10, 0.999, 20, 19990);
    check(1, 0, 1, 1000);
    check(1, 0.25, 1, 1250);
    check(1, 0.75, 2, 1750);
}

static void test_retry__is_one_to_sixty_seconds(void **state)
{
    (void)state;
    check(0, 0, 1, 1000);
    check(0, 0.999, 2, 1999);
    check(40, 0, 40, 40000);
    check(40, 0.5, 50, 50000); /* not all of the upper half at 60 */
    check(60, 0.5, 60, 60000);
    check(1e300, 0.999, 60, 60000);
}

static void test_retry__draws_differ(void **state)
{
    double first = retry_draw();
    bool differ = false;

    (void)state;
    for (int i = 0; i < 100; i++) {
        double chance = retry_draw();

        assert_true(chance >= 0 && chance < 1);
        differ |= chance != first;
    }
    assert_true(differ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retry__estimate_is_tokens_over_rate),
        cmocka_unit_test(test_retry__is_from_one_to_two_times_the_estimate),
        cmocka_unit_test(test_retry__is_one_to_sixty_seconds),
        cmocka_unit_test(test_retry__draws_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
