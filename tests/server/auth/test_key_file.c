/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/auth/key_file.h"

#include <string.h>

static void test_key_file__reads_keys_with_and_without_an_end(void **state)
{
    static const char text[] = "# for the shop\n"
                               "sk-plain\n"
                               "\n"
                               "  \t \n"
                               "\t sk-spaced \t 2027-01-31T12:00:00Z \t \n"
                               "  # another comment\n"
                               "sk-windows\r\n"
                               "sk-#in-the-middle 1970-01-01T00:00:00Z\r\n"
                               "\r\n"
                               "sk-leap 2028-02-29T23:59:59Z\n"
                               "sk-last 9999-12-31T23:59:59Z"; /* and no newline */
    /* by date(1): date -u -d TIME +%s */
    static const struct {
        const char *key;
        int64_t expires_s;
    } rows[] = {
        {"sk-plain", KEY_NEVER_EXPIRES},   {"sk-spaced", 1801396800},
        {"sk-windows", KEY_NEVER_EXPIRES}, {"sk-#in-the-middle", 0},
        {"sk-leap", 1835481599},           {"sk-last", 253402300799},
    };
    struct key_list list = {0};
    struct error error = {0};

    (void)state;
    if (key_file_parse("keys", text, sizeof text - 1, &list, &error))
        fail_msg("%s", error.text);
    assert_int_equal(list.n_keys, sizeof rows / sizeof *rows);
    for (size_t i = 0; i < list.n_keys; i++) {
        const struct key *key = key_list_find(&list, rows[i].key, strlen(rows[i].key));

        assert_non_null(key);
        assert_int_equal(key->expires_s, rows[i].expires_s);
    }
    key_list_release(&list);
}

static void test_key_file__may_hold_nothing(void **state)
{
    struct key_list list = {0};

    (void)state;
    assert_int_equal(key_file_parse("keys", NULL, 0, &list, NULL), STATUS_OK);
    assert_int_equal(key_file_parse("keys", "\n#\n \r\n", 6, &list, NULL), STATUS_OK);
    assert_int_equal(list.n_keys, 0);
}

/* The line that is wrong is the third. */
static void refuse(const char *line, size_t len_bytes, const char *word)
{
    struct key_list list = {0};
    struct error error = {0};
    char text[512] = "sk-good\n# fine\n";
    size_t start = strlen(text);

    memcpy(text + start, line, len_bytes);
    memcpy(text + start + len_bytes, "\nsk-more\n", 9);
    assert_int_equal(key_file_parse("the/keys", text, start + len_bytes + 9, &list, &error),
                     STATUS_INVALID);
    if (strncmp(error.text, "the/keys:3: ", 12) != 0 || !strstr(error.text, word))
        fail_msg("'%s': %s", line, error.text);
    assert_null(strstr(error.text, "sk-"));
    key_list_release(&list);
}

static void test_key_file__names_the_line_that_is_wrong(void **state)
{
    static const char *const bad_times[] = {
        "tomorrow",
        "2027",
        "2027-01-31",          /* its beginning or its end? */
        "2027-01-31T12:00:00", /* in which zone? */
        "2027-01-31T12:00:00+01:00",
        "2027-01-31t12:00:00z",
        "2027-01-31T12:00Z",
        "2027-01-31T12:00:00.5Z",
        "2027-1-31T12:00:00Z",
        "2027-13-01T00:00:00Z",
        "2027-00-01T00:00:00Z",
        "2027-01-00T00:00:00Z",
        "2027-01-32T00:00:00Z",
        "2027-02-29T00:00:00Z",
        "2027-04-31T00:00:00Z",
        "2027-01-31T24:00:00Z",
        "2027-01-31T12:60:00Z",
        "2027-01-31T12:00:60Z",
        "-027-01-31T12:00:00Z",
        "2027-01-31T12:00:0 Z",
        "# a comment",
    };
    char line[64 + 1];

    (void)state;
    for (size_t i = 0; i < sizeof bad_times / sizeof *bad_times; i++) {
        strcpy(line, "sk-a ");
        strcat(line, bad_times[i]);
        refuse(line, strlen(line), "2027-01-31T12:00:00Z");
    }
    refuse("sk-a 2027-01-31T12:00:00Z more", 30, "after the time");
    refuse("sk-good", 7, "already");
    refuse("sk-\xc3\xa9", 5, "printable");
    refuse("sk-a\0", 5, "printable");
    refuse("sk-\x1b[31m", 8, "printable");
    refuse("\xef\xbb\xbfsk-a", 7, "printable"); /* a mark of byte order */
    refuse("sk-a\rsk-b", 9, "printable");
}

static void test_key_file__names_a_line_that_is_too_long(void **state)
{
    char line[KEY_MAX_BYTES + 1];

    (void)state;
    memset(line, 'x', sizeof line);
    refuse(line, sizeof line, "257");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_file__reads_keys_with_and_without_an_end),
        cmocka_unit_test(test_key_file__may_hold_nothing),
        cmocka_unit_test(test_key_file__names_the_line_that_is_wrong),
        cmocka_unit_test(test_key_file__names_a_line_that_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
