/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/http/capacity.h"

#include <string.h>

static void test_capacity__enough_files_leave_all_as_it_is(void **state)
{
    struct capacity capacity;
    struct error error = {0};

    (void)state;
    assert_int_equal(capacity_choose(&capacity, 4096, 20, 1 << 20, &error), STATUS_OK);
    assert_int_equal(capacity.n_connections, 4096);
    assert_int_equal(capacity.n_for_probes, 256);
    assert_int_equal(capacity.n_for_metrics, 16);
    assert_int_equal(capacity.n_lingering, 256);
}

/* Whatever is given out can be open at once, beside what is open and some files more. */
static void test_capacity__everything_fits_and_nobody_is_left_out(void **state)
{
    (void)state;
    for (uint64_t max_files = 26; max_files < 6000; max_files++) {
        struct capacity capacity;
        struct error error = {0};

        assert_int_equal(capacity_choose(&capacity, 4096, 20, max_files, &error), STATUS_OK);
        assert_true(20 + capacity.n_connections + capacity.n_for_probes + capacity.n_for_metrics +
                        capacity.n_lingering <
                    max_files);
        assert_true(capacity.n_connections >= 2 && capacity.n_for_probes >= 1 &&
                    capacity.n_lingering >= 1);
        assert_true(capacity.n_connections <= 4096);
    }
}

static void test_capacity__too_few_files_are_refused_with_their_number(void **state)
{
    (void)state;
    for (uint64_t max_files = 0; max_files < 26; max_files++) {
        struct capacity capacity;
        struct error error = {0};

        assert_int_equal(capacity_choose(&capacity, 4096, 20, max_files, &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, "files may be open, and 20 are"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capacity__enough_files_leave_all_as_it_is),
        cmocka_unit_test(test_capacity__everything_fits_and_nobody_is_left_out),
        cmocka_unit_test(test_capacity__too_few_files_are_refused_with_their_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
