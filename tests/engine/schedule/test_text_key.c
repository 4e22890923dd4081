/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/text_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct text_secret secret = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};

static void test_text_key__depends_on_every_part(void **state)
{
    const int32_t ids[] = {101, 2054, 2003, 102};
    const int32_t other[] = {101, 2054, 2004, 102};
    const struct text_secret other_secret = {{1, 2}};
    struct text_key key = text_key_of(&secret, ids, 4, 0);

    (void)state;
    assert_true(text_key_equal(key, text_key_of(&secret, ids, 4, 0)));
    assert_false(text_key_equal(key, text_key_of(&secret, other, 4, 0)));
    assert_false(text_key_equal(key, text_key_of(&secret, ids, 3, 0)));
    assert_false(text_key_equal(key, text_key_of(&secret, ids, 4, 1)));
    assert_false(text_key_equal(key, text_key_of(&secret, ids, 4, TEXT_KEY_NOT_POOLED)));
    assert_false(text_key_equal(key, text_key_of(&other_secret, ids, 4, 0)));
}

static void test_text_key__trailing_zero_id_counts(void **state)
{
    const int32_t ids[] = {5, 6, 7, 0};

    (void)state;
    assert_false(text_key_equal(text_key_of(&secret, ids, 3, 0), text_key_of(&secret, ids, 4, 0)));
}

static void test_text_key__secrets_differ(void **state)
{
    struct text_secret a = text_secret_draw();
    struct text_secret b = text_secret_draw();

    (void)state;
    assert_memory_not_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_key__depends_on_every_part),
        cmocka_unit_test(test_text_key__trailing_zero_id_counts),
        cmocka_unit_test(test_text_key__secrets_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
