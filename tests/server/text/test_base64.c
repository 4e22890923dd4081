/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/base64.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void assert_reads_back(const void *bytes, size_t len_bytes, const char *text)
{
    unsigned char *back = malloc(len_bytes + (len_bytes == 0));

    assert_non_null(back);
    assert_int_equal(base64_count_bytes(text, strlen(text)), len_bytes);
    assert_true(base64_read(back, len_bytes, text, strlen(text)));
    assert_memory_equal(back, bytes, len_bytes);
    free(back);
}

static void assert_base64(const void *bytes, size_t len_bytes, const char *expected)
{
    /* Of exactly the promised length, so that a sanitizer sees a byte too many. */
    char *text = malloc(base64_length(len_bytes) + 1);
    char *end;

    assert_non_null(text);
    end = base64_write(text, bytes, len_bytes);
    assert_int_equal(end - text, base64_length(len_bytes));
    *end = '\0';
    assert_string_equal(text, expected);
    assert_reads_back(bytes, len_bytes, text);
    free(text);
}

static void test_base64__rfc_4648_vectors(void **state)
{
    (void)state;
    assert_base64("", 0, "");
    assert_base64("f", 1, "Zg==");
    assert_base64("fo", 2, "Zm8=");
    assert_base64("foo", 3, "Zm9v");
    assert_base64("foob", 4, "Zm9vYg==");
    assert_base64("fooba", 5, "Zm9vYmE=");
    assert_base64("foobar", 6, "Zm9vYmFy");
}

static void test_base64__agrees_with_python(void **state)
{
    static const struct {
        size_t len_bytes;
        const char *expected;
    } cases[] = {
#include "tests/data/base64/base64.inc"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const size_t n = cases[i].len_bytes;
        unsigned char *bytes = malloc(n + (n == 0));

        assert_non_null(bytes);
        for (size_t j = 0; j < n; j++)
            bytes[j] = (unsigned char)(167 * j + 59 * n + j * j);
        assert_base64(bytes, n, cases[i].expected);
        free(bytes);
    }
}

static void test_base64__no_bytes_need_no_memory(void **state)
{
    char untouched = '!';

    (void)state;
    assert_ptr_equal(base64_write(&untouched, NULL, 0), &untouched);
    assert_int_equal(untouched, '!');
}

static void test_base64__length_of_huge_input_does_not_wrap(void **state)
{
    (void)state;
    assert_true(base64_length(SIZE_MAX / 2) > SIZE_MAX / 2);
    assert_int_equal(base64_length(3000000001u), UINT64_C(4000000004));
}

static void test_base64__what_is_none_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t len_bytes;
    } cases[] = {
        {"Zg=", 1},      {"Zg", 1},       {"Zg==", 2},    {"Zg==", 0},     {"Zm9v", 2},
        {"Zm9v", 4},     {"====", 1},     {"Z===", 1},    {"Zm=v", 2},     {"=m9v", 3},
        {"Zg==Zg==", 2}, {"Zg==Zm9v", 4}, {"Zm9-", 3},    {"Zm9_", 3},     {"Zm 9", 3},
        {"Zm9\xff", 3},  {"Zm9v\n", 3},   {"Zm9v===", 3}, {"Zm9v====", 3}, {"", 1},
    };
    unsigned char bytes[16];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (base64_read(bytes, cases[i].len_bytes, cases[i].text, strlen(cases[i].text)))
            fail_msg("%s", cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64__rfc_4648_vectors),
        cmocka_unit_test(test_base64__agrees_with_python),
        cmocka_unit_test(test_base64__no_bytes_need_no_memory),
        cmocka_unit_test(test_base64__what_is_none_is_refused),
        cmocka_unit_test(test_base64__length_of_huge_input_does_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
