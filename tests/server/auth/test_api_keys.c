/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/auth/api_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static struct api_keys *keys;

static int setup(void **state)
{
    int file;

    (void)state;
    strcpy(path, "/tmp/nestd-keys-XXXXXX");
    file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    keys = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    api_keys_free(keys);
    unlink(path);
    return 0;
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void open_keys(const char *key, const char *file)
{
    struct error error = {0};

    if (api_keys_new(&keys, key, file, &error))
        fail_msg("%s", error.text);
}

static enum api_key_verdict check(const char *key, int64_t now_s)
{
    return api_keys_check(keys, key, strlen(key), now_s);
}

static void test_api_keys__one_from_the_options(void **state)
{
    (void)state;
    open_keys("sk-option", NULL);
    assert_int_equal(check("sk-option", 4000000000), API_KEY_GOOD);
    assert_int_equal(check("sk-other", 0), API_KEY_UNKNOWN);
    assert_int_equal(check("", 0), API_KEY_UNKNOWN);
}

static void test_api_keys__expire_at_their_second(void **state)
{
    (void)state;
    write_file("sk-a 1970-01-01T00:01:40Z\nsk-b\n");
    open_keys("sk-option", path);
    assert_int_equal(check("sk-a", 99), API_KEY_GOOD);
    assert_int_equal(check("sk-a", 100), API_KEY_EXPIRED);
    assert_int_equal(check("sk-b", 100), API_KEY_GOOD);
    assert_int_equal(check("sk-option", 100), API_KEY_GOOD);
    assert_int_equal(api_keys_count(keys, 99).n_expired, 0);
    assert_int_equal(api_keys_count(keys, 100).n_expired, 1);
    assert_int_equal(api_keys_count(keys, 100).n_keys, 3);
}

static void test_api_keys__reload_replaces_the_files_alone(void **state)
{
    struct error error = {0};

    (void)state;
    write_file("sk-old\n");
    open_keys("sk-option", path);
    write_file("sk-new\n");
    assert_int_equal(check("sk-new", 0), API_KEY_UNKNOWN);
    assert_int_equal(api_keys_reload(keys, &error), STATUS_OK);
    assert_int_equal(check("sk-new", 0), API_KEY_GOOD);
    assert_int_equal(check("sk-old", 0), API_KEY_UNKNOWN);
    assert_int_equal(check("sk-option", 0), API_KEY_GOOD);
}

static void fail_to_reload(enum status status, const char *word)
{
    struct error error = {0};

    assert_int_equal(api_keys_reload(keys, &error), status);
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, word));
    assert_int_equal(check("sk-old", 0), API_KEY_GOOD);
    assert_int_equal(check("sk-new", 0), API_KEY_UNKNOWN);
}

static void test_api_keys__bad_file_changes_nothing(void **state)
{
    FILE *file;

    (void)state;
    write_file("sk-old\n");
    open_keys(NULL, path);
    write_file("sk-new\nsk-bad today\n");
    fail_to_reload(STATUS_INVALID, ":2: ");
    write_file("# nobody\n");
    fail_to_reload(STATUS_INVALID, "at least one key");
    file = fopen(path, "w");
    for (int i = 0; i <= 1 << 20; i++)
        fputc('\n', file);
    fclose(file);
    fail_to_reload(STATUS_INVALID, "1048576");
    unlink(path);
    fail_to_reload(STATUS_IO, "No such file");
}

static void test_api_keys__start_needs_good_ones(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(api_keys_new(&keys, NULL, path, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "at least one key"));
    error = (struct error){0};
    assert_int_equal(api_keys_new(&keys, "sk a", NULL, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "--api-key"));
    assert_null(strstr(error.text, "sk"));
    error = (struct error){0};
    write_file("sk-option\n");
    assert_int_equal(api_keys_new(&keys, "sk-option", path, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "already"));
    assert_null(keys);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_api_keys__one_from_the_options),
        TEST(test_api_keys__expire_at_their_second),
        TEST(test_api_keys__reload_replaces_the_files_alone),
        TEST(test_api_keys__bad_file_changes_nothing),
        TEST(test_api_keys__start_needs_good_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
