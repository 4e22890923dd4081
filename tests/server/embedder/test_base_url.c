/* SPDX-License-Identifier: Apache-2.0 */

#include "server/embedder/base_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_slice(struct slice slice, const char *expected)
{
    assert_int_equal(slice.len_bytes, strlen(expected));
    assert_memory_equal(slice.bytes, expected, slice.len_bytes);
}

static void test_base_url__is_read_with_version_and_route_or_without(void **state)
{
    static const struct {
        const char *url, *root, *version;
    } cases[] = {
        {"http://a:80", "http://a:80", "/v1"},
        {"http://a:80//", "http://a:80", "/v1"},
        {"https://a/v1", "https://a", "/v1"},
        {"https://a/openai/v12/", "https://a/openai", "/v12"},
        {"https://a/openai/v1/embeddings", "https://a/openai", "/v1"},
        {"https://a/embeddings", "https://a", ""},
        {"http://v1", "http://v1", "/v1"},
        {"http://embeddings", "http://embeddings", "/v1"},
        {"http://embeddings/embeddings", "http://embeddings", ""},
        {"http://a/dev1", "http://a/dev1", "/v1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct base_url base;
        struct error error = {0};

        if (base_url_read(cases[i].url, &base, &error))
            fail_msg("%s: %s", cases[i].url, error.text);
        assert_slice(base.root, cases[i].root);
        assert_slice(base.version, cases[i].version);
    }
}

static void test_base_url__what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "localhost:80", "ftp://a", "http://me@a", "http://a/?b", "http://a b"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct base_url base;
        struct error error = {0};

        assert_int_equal(base_url_read(bad[i], &base, &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, "--url"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_url__is_read_with_version_and_route_or_without),
        cmocka_unit_test(test_base_url__what_is_no_address_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
