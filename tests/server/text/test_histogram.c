/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/text/histogram.h"

#include <string.h>

static const int64_t bounds[] = {250, 1000000, 2500000};

static void assert_written(struct histogram *histogram, const char *expected)
{
    struct buffer buffer = {0};

    histogram_write(histogram, "h", "", &buffer);
    buffer_append(&buffer, "", 1);
    assert_false(buffer_failed(&buffer));
    assert_string_equal(buffer.bytes, expected);
    buffer_release(&buffer);
}

static void test_histogram__empty_is_all_zero(void **state)
{
    struct histogram histogram = {.bounds = bounds, .n_bounds = 3, .unit = 1};

    (void)state;
    assert_written(&histogram, "h_bucket{le=\"250\"} 0\n"
                               "h_bucket{le=\"1000000\"} 0\n"
                               "h_bucket{le=\"2500000\"} 0\n"
                               "h_bucket{le=\"+Inf\"} 0\n"
                               "h_sum 0\n"
                               "h_count 0\n");
}

/* A bound belongs to its bucket; counts are of all that is not larger. */
static void test_histogram__counts_up_to_each_bound(void **state)
{
    struct histogram histogram = {.bounds = bounds, .n_bounds = 3, .unit = 1000000};

    (void)state;
    histogram_observe(&histogram, -5);
    histogram_observe(&histogram, 250);
    histogram_observe(&histogram, 251);
    histogram_observe_times(&histogram, 1000000, 1);
    histogram_observe_times(&histogram, 7, 0);
    histogram_observe(&histogram, 2500001);
    assert_written(&histogram, "h_bucket{le=\"0.00025\"} 2\n"
                               "h_bucket{le=\"1\"} 4\n"
                               "h_bucket{le=\"2.5\"} 4\n"
                               "h_bucket{le=\"+Inf\"} 5\n"
                               "h_sum 3.500502\n"
                               "h_count 5\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram__empty_is_all_zero),
        cmocka_unit_test(test_histogram__counts_up_to_each_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
