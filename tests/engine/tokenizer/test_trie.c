/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/tokenizer/trie.h"

#include <stdlib.h>
#include <string.h>

static void test_trie__empty_finds_nothing(void **state)
{
    struct trie trie = {0};

    (void)state;
    assert_int_equal(trie_find(&trie, "", 0), TRIE_NO_VALUE);
    assert_int_equal(trie_find(&trie, "a", 1), TRIE_NO_VALUE);
    assert_int_equal(trie_step(&trie, TRIE_ROOT, 'a'), TRIE_NO_NODE);
    trie_release(&trie);
    trie_release(NULL);
}

static void test_trie__finds_whole_keys_only(void **state)
{
    struct trie trie = {0};

    (void)state;
    assert_int_equal(trie_add(&trie, "abc", 3, 7), 0);
    assert_int_equal(trie_add(&trie, "ab\0c", 4, 8), 0);
    assert_int_equal(trie_find(&trie, "abc", 3), 7);
    assert_int_equal(trie_find(&trie, "ab\0c", 4), 8);
    assert_int_equal(trie_find(&trie, "ab", 2), TRIE_NO_VALUE);
    assert_int_equal(trie_find(&trie, "ab\0", 3), TRIE_NO_VALUE);
    assert_int_equal(trie_find(&trie, "abcd", 4), TRIE_NO_VALUE);
    assert_int_equal(trie_find(&trie, "", 0), TRIE_NO_VALUE);
    assert_int_equal(trie_add(&trie, "", 0, 9), 0);
    assert_int_equal(trie_find(&trie, "", 0), 9);
    assert_int_equal(trie_add(&trie, "abc", 3, 1), 0);
    assert_int_equal(trie_find(&trie, "abc", 3), 1);
    trie_release(&trie);
}

/* Keys of two bytes of any kind, a third of all of them. */
static void test_trie__many_keys(void **state)
{
    struct trie trie = {0};

    (void)state;
    for (int32_t i = 0; i < 65536; i += 3) {
        const char key[2] = {(char)(i & 0xff), (char)(i >> 8)};

        assert_int_equal(trie_add(&trie, key, sizeof key, i), 0);
    }
    for (int32_t i = 0; i < 65536; i++) {
        const char key[2] = {(char)(i & 0xff), (char)(i >> 8)};

        assert_int_equal(trie_find(&trie, key, sizeof key), i % 3 == 0 ? i : TRIE_NO_VALUE);
    }
    trie_release(&trie);
}

static void test_trie__refuses_what_is_too_large(void **state)
{
    /* As full as it may be; no other field of a trie is looked at before that is found out. */
    struct trie trie = {.n_nodes = MAX_TRIE_NODES};

    (void)state;
    assert_int_equal(trie_add(&trie, "a", 1, 1), STATUS_INVALID);
    assert_int_equal(trie.n_nodes, MAX_TRIE_NODES);
    trie_release(&trie);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trie__empty_finds_nothing),
        cmocka_unit_test(test_trie__finds_whole_keys_only),
        cmocka_unit_test(test_trie__many_keys),
        cmocka_unit_test(test_trie__refuses_what_is_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
