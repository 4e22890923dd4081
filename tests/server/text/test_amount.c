/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/text/amount.h"

static void test_amount__is_in_millions_of_bytes(void **state)
{
    (void)state;
    assert_string_equal(amount_of(412345678, 1340000000).text, "412 of 1,340 MB");
    assert_string_equal(amount_of(0, 91000000).text, "0 of 91 MB");
    assert_string_equal(amount_of(1339999999, 1339999999).text, "1,339 of 1,340 MB");
    assert_string_equal(amount_whole(1234567890123).text, "1,234,568 MB");
    assert_string_equal(amount_whole(10000000).text, "10 MB");
}

static void test_amount__of_little_is_in_thousands(void **state)
{
    (void)state;
    assert_string_equal(amount_of(12345, 420000).text, "12 of 420 KB");
    assert_string_equal(amount_whole(9999999).text, "10,000 KB");
    assert_string_equal(amount_whole(0).text, "0 KB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amount__is_in_millions_of_bytes),
        cmocka_unit_test(test_amount__of_little_is_in_thousands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
