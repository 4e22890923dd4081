/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/auth/key_list.h"

#include "server/exchange/server.h"

#include <stdio.h>
#include <string.h>

static void add(struct key_list *list, const char *key, int64_t expires_s)
{
    struct error error = {0};

    if (key_list_add(list, key, strlen(key), expires_s, &error))
        fail_msg("%s", error.text);
}

static const struct key *find(const struct key_list *list, const char *key)
{
    return key_list_find(list, key, strlen(key));
}

static void test_key_list__finds_each_key_and_no_other(void **state)
{
    char longest[KEY_MAX_BYTES + 2];
    struct key_list list = {0};

    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[KEY_MAX_BYTES] = '\0';
    assert_null(find(&list, ""));
    assert_null(find(&list, "sk-one"));
    add(&list, "sk-one", 1);
    add(&list, "sk-two", 2);
    add(&list, longest, 3);
    assert_int_equal(find(&list, "sk-one")->expires_s, 1);
    assert_int_equal(find(&list, "sk-two")->expires_s, 2);
    assert_int_equal(find(&list, longest)->expires_s, 3);
    assert_null(find(&list, ""));
    assert_null(find(&list, "sk-on"));
    assert_null(find(&list, "sk-one "));
    assert_null(find(&list, "sk-ones"));
    assert_null(find(&list, "SK-ONE"));
    assert_null(find(&list, longest + 1));
    assert_null(key_list_find(&list, "sk-one\0", 7)); /* the padding is no part of a key */
    longest[KEY_MAX_BYTES] = 'x';
    assert_null(key_list_find(&list, longest, KEY_MAX_BYTES + 1));
    key_list_release(&list);
}

static void test_key_list__holds_its_most_and_no_more(void **state)
{
    struct key_list list = {0};
    struct error error = {0};
    char key[16];

    (void)state;
    for (int i = 0; i < KEYS_MAX; i++) {
        snprintf(key, sizeof key, "key%d", i);
        add(&list, key, i);
    }
    for (int i = 0; i < KEYS_MAX; i++) {
        snprintf(key, sizeof key, "key%d", i);
        assert_int_equal(find(&list, key)->expires_s, i);
    }
    assert_int_equal(key_list_add(&list, "more", 4, 0, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "1024"));
    key_list_release(&list);
    assert_int_equal(list.n_keys, 0);
}

static void refuse(const char *key, size_t len_bytes, const char *word)
{
    struct key_list list = {0};
    struct error error = {0};

    add(&list, "sk-there", KEY_NEVER_EXPIRES);
    assert_int_equal(key_list_add(&list, key, len_bytes, KEY_NEVER_EXPIRES, &error),
                     STATUS_INVALID);
    assert_non_null(strstr(error.text, word));
    assert_null(strstr(error.text, "sk-")); /* an error ends in a log, where no key belongs */
    assert_int_equal(list.n_keys, 1);
    key_list_release(&list);
}

static void test_key_list__refuses_what_is_no_key(void **state)
{
    char too_long[KEY_MAX_BYTES + 1];

    (void)state;
    memset(too_long, 'x', sizeof too_long);
    refuse("", 0, "printable");
    refuse("sk-a b", 6, "printable");
    refuse("sk-a\tb", 6, "printable");
    refuse("sk-\0b", 5, "printable");
    refuse("sk-\x7f", 4, "printable");
    refuse("sk-\xc3\xa9", 5, "printable");
    refuse(too_long, sizeof too_long, "257");
    refuse("sk-there", 8, "already");
}

enum { N_TIMED = 4 };

/* For each key the time of so many searches: the shortest of 200 tries, which is what the rest of the
 * machine disturbs least. In turns, so that what slows the machine down for a while meets all. */
static void time_finds(const struct key_list *list, const char *const keys[N_TIMED], int n_searches,
                       int64_t ret_us[N_TIMED])
{
    for (size_t i = 0; i < N_TIMED; i++)
        ret_us[i] = INT64_MAX;
    for (int try = 0; try < 200; try++) {
        for (size_t i = 0; i < N_TIMED; i++) {
            int64_t began_us = clock_now_us(), took_us;

            for (int j = 0; j < n_searches; j++)
                (void)!find(list, keys[i]);
            took_us = clock_now_us() - began_us;
            ret_us[i] = took_us < ret_us[i] ? took_us : ret_us[i];
        }
    }
}

/* How many searches take some 400 us, so that the clock's microseconds do not matter: one under a
 * sanitizer, where each takes longer. */
static int choose_n_searches(const struct key_list *list, const char *const keys[N_TIMED])
{
    int64_t single_us[N_TIMED];

    time_finds(list, keys, 1, single_us);
    return 1 + (int)(400 / (1 + single_us[0]));
}

/* A search that stopped at the first match, or a comparison that stopped at the first difference,
 * would be a hundred times faster for some of these. */
static void test_key_list__time_does_not_tell_which(void **state)
{
    char first[KEY_MAX_BYTES + 1], last[KEY_MAX_BYTES + 1];
    char unlike_at_once[KEY_MAX_BYTES + 1], unlike_at_the_end[KEY_MAX_BYTES + 1];
    const char *const keys[N_TIMED] = {first, last, unlike_at_once, unlike_at_the_end};
    struct key_list list = {0};
    int64_t times_us[N_TIMED], shortest_us = INT64_MAX, longest_us = 0;
    int n_searches;

    (void)state;
    for (int i = 0; i < KEYS_MAX; i++) {
        memset(last, 'x', KEY_MAX_BYTES);
        snprintf(last + KEY_MAX_BYTES - 4, 5, "%04d", i);
        add(&list, last, 0);
        if (i == 0)
            memcpy(first, last, sizeof first);
    }
    memcpy(unlike_at_once, last, sizeof last);
    unlike_at_once[0] = 'y';
    memcpy(unlike_at_the_end, last, sizeof last);
    unlike_at_the_end[KEY_MAX_BYTES - 1] = 'y';
    n_searches = choose_n_searches(&list, keys);
    time_finds(&list, keys, n_searches, times_us);
    for (size_t i = 0; i < N_TIMED; i++) {
        shortest_us = times_us[i] < shortest_us ? times_us[i] : shortest_us;
        longest_us = times_us[i] > longest_us ? times_us[i] : longest_us;
    }
    print_message("%d keys: %.1f us\n", KEYS_MAX, (double)longest_us / n_searches);
    assert_true(longest_us < 2 * shortest_us);
    key_list_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_list__finds_each_key_and_no_other),
        cmocka_unit_test(test_key_list__holds_its_most_and_no_more),
        cmocka_unit_test(test_key_list__refuses_what_is_no_key),
        cmocka_unit_test(test_key_list__time_does_not_tell_which),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
