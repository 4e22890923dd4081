/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/hub/hash.h"

#include <string.h>

/* By git hash-object and sha256sum. */
static const struct {
    const char *text;
    const char *git;
    const char *sha256;
} rows[] = {
    {"", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"hello hub\n", "bc98243ce9b9c35cae6011dec7c54e66c850c702",
     "115d6c773e98b2115031cb9d0350d238da014c5f40c6d7dcb2f4f00afd524a20"},
};

static bool check(const char *text, size_t len_bytes, size_t piece_bytes, const char *etag)
{
    struct hub_hash *hash = hub_hash_new(etag, len_bytes);
    bool is_it;

    assert_non_null(hash);
    for (size_t at = 0; at < len_bytes; at += piece_bytes) {
        size_t left = len_bytes - at;

        assert_true(hub_hash_add(hash, text + at, left < piece_bytes ? left : piece_bytes));
    }
    is_it = hub_hash_is(hash, etag);
    hub_hash_free(hash);
    return is_it;
}

static void test_hub_hash__is_git_s_or_sha256_by_its_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text);

        for (size_t piece = 1; piece <= len + 1; piece++) {
            assert_true(check(rows[i].text, len, piece, rows[i].git));
            assert_true(check(rows[i].text, len, piece, rows[i].sha256));
        }
    }
    assert_true(check((const char[1000000]){0}, 1000000, 4096,
                      "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025"));
    assert_true(
        check((const char[1000000]){0}, 1000000, 999, "7c2624a6b9687e88178638cd95b609c329177ade"));
}

static void test_hub_hash__tells_other_content(void **state)
{
    (void)state;
    assert_false(check("hello hub", 9, 9, rows[1].git));
    assert_false(check("hello hub\r", 10, 10, rows[1].git));
    assert_false(check("Hello hub\n", 10, 10, rows[1].sha256));
    hub_hash_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hub_hash__is_git_s_or_sha256_by_its_length),
        cmocka_unit_test(test_hub_hash__tells_other_content),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
