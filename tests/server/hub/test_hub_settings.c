/* SPDX-License-Identifier: Apache-2.0 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/hub/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The environment of a test: NAME, VALUE, ... NULL. */
static const char *const *variables;

static char *get(const char *name)
{
    for (size_t i = 0; variables[i]; i += 2) {
        if (strcmp(variables[i], name) == 0)
            return (char *)variables[i + 1];
    }
    return NULL;
}

static struct hub_settings read_settings(const char *cache, const char *const *set)
{
    struct hub_settings settings;
    struct error error = {0};

    variables = set;
    if (hub_settings_read(&settings, cache, get, &error))
        fail_msg("%s", error.text);
    return settings;
}

#define SET(...)                                                                                   \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* The order is huggingface_hub's. */
static void assert_cache(const char *option, const char *const *set, const char *expected)
{
    const struct hub_settings settings = read_settings(option, set);

    assert_string_equal(settings.cache.text, expected);
}

static void test_settings__find_the_cache(void **state)
{
    (void)state;
    assert_cache(NULL, SET("HOME", "/h"), "/h/.cache/huggingface/hub");
    assert_cache(NULL, SET("HOME", "/h", "XDG_CACHE_HOME", "/x"), "/x/huggingface/hub");
    assert_cache(NULL, SET("HOME", "/h", "XDG_CACHE_HOME", "/x", "HF_HOME", "/f"), "/f/hub");
    assert_cache(NULL, SET("HOME", "/h", "HF_HOME", "~/f"), "/h/f/hub");
    assert_cache(NULL, SET("HF_HOME", "/f", "HUGGINGFACE_HUB_CACHE", "/g"), "/g");
    assert_cache(NULL, SET("HF_HUB_CACHE", "/c", "HUGGINGFACE_HUB_CACHE", "/g"), "/c");
    assert_cache("/o", SET("HF_HUB_CACHE", "/c"), "/o");
    assert_cache(NULL, SET("HF_HUB_CACHE", "", "HOME", "/h"), "/h/.cache/huggingface/hub");
}

static void test_settings__without_a_home_ask_for_a_cache(void **state)
{
    struct hub_settings settings;
    struct error error = {0};

    (void)state;
    variables = SET("LANG", "C");
    assert_int_equal(hub_settings_read(&settings, NULL, get, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "--huggingface-hub-cache"));
}

static void test_settings__find_the_hub(void **state)
{
    static const char *const bad[] = {"huggingface.co",      "ftp://x",         "http://a b",
                                      "https://u:p@hub.org", "https://x?token", "\xc3\xa9"};

    (void)state;
    assert_string_equal(read_settings("/c", SET("HOME", "/h")).endpoint, "https://huggingface.co");
    assert_string_equal(
        read_settings("/c", SET("HF_ENDPOINT", "http://127.0.0.1:99/hub//")).endpoint,
        "http://127.0.0.1:99/hub");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct hub_settings settings;
        struct error error = {0};

        variables = SET("HF_ENDPOINT", bad[i]);
        assert_int_equal(hub_settings_read(&settings, "/c", get, &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, "HF_ENDPOINT"));
        assert_null(strstr(error.text, "u:p"));
    }
}

static void test_settings__know_when_to_stay_offline(void **state)
{
    (void)state;
    assert_false(read_settings("/c", SET("HOME", "/h")).is_offline);
    assert_false(read_settings("/c", SET("HF_HUB_OFFLINE", "0")).is_offline);
    assert_true(read_settings("/c", SET("HF_HUB_OFFLINE", "1")).is_offline);
    assert_true(read_settings("/c", SET("HF_HUB_OFFLINE", "True")).is_offline);
    assert_true(read_settings("/c", SET("TRANSFORMERS_OFFLINE", "yes")).is_offline);
}

static void assert_token(const char *option, const char *const *set, const char *expected)
{
    char token[HUB_TOKEN_MAX_BYTES + 1] = "?";
    struct error error = {0};

    variables = set;
    if (hub_token_read(token, option, get, &error))
        fail_msg("%s", error.text);
    assert_string_equal(token, expected);
}

static void test_token__is_the_first_that_is_given(void **state)
{
    char folder[] = "/tmp/test_hub_settings.XXXXXX";
    char path[64];
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_token(NULL, SET("HF_HOME", folder), "");
    snprintf(path, sizeof path, "%s/token", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("hf_file\n", file);
    fclose(file);
    assert_token(NULL, SET("HF_HOME", folder), "hf_file");
    assert_token(NULL, SET("HF_TOKEN_PATH", path, "HF_HOME", "/nowhere"), "hf_file");
    assert_token(NULL, SET("HF_HOME", folder, "HUGGING_FACE_HUB_TOKEN", "hf_old"), "hf_old");
    assert_token(NULL, SET("HUGGING_FACE_HUB_TOKEN", "hf_old", "HF_TOKEN", " hf_new\n"), "hf_new");
    assert_token(NULL, SET("HF_HOME", folder, "HF_API_TOKEN", "hf_tei"), "hf_tei");
    assert_token(NULL, SET("HF_API_TOKEN", "hf_tei", "HF_TOKEN", "hf_new"), "hf_new");
    assert_token("hf_option", SET("HF_TOKEN", "hf_new"), "hf_option");
    unlink(path);
    rmdir(folder);
}

static void test_token__that_is_wrong_is_not_shown(void **state)
{
    char token[HUB_TOKEN_MAX_BYTES + 1];
    char long_one[HUB_TOKEN_MAX_BYTES + 2];
    struct error errors[3] = {0};

    (void)state;
    variables = SET("HF_TOKEN", "hf_secret with a space");
    assert_int_equal(hub_token_read(token, NULL, get, &errors[0]), STATUS_INVALID);
    variables = SET("HF_TOKEN", "hf_secret\r\nHost: elsewhere");
    assert_int_equal(hub_token_read(token, NULL, get, &errors[1]), STATUS_INVALID);
    memset(long_one, 's', sizeof long_one);
    long_one[sizeof long_one - 1] = '\0';
    assert_int_equal(hub_token_read(token, long_one, get, &errors[2]), STATUS_INVALID);
    for (size_t i = 0; i < 3; i++) {
        assert_null(strstr(errors[i].text, "secret"));
        assert_null(strstr(errors[i].text, "sss"));
    }
}

static void test_token__is_wiped_wherever_it_stands(void **state)
{
    char flag[] = "--hf-token=hf_1", alone[] = "hf_1", other[] = "--port=1";
    char own[] = "NESTD_HF_TOKEN=hf_1", hub[] = "HF_TOKEN=hf_2",
         old[] = "HUGGING_FACE_HUB_TOKEN=hf_3", tei[] = "HF_API_TOKEN=hf_4";
    char path[] = "PATH=/bin";
    char *const arguments[] = {other, flag, alone, NULL};
    char *const environment[] = {own, path, hub, old, tei, NULL};

    (void)state;
    hub_token_wipe("hf_1", arguments, environment);
    assert_string_equal(flag, "--hf-token=");
    assert_string_equal(alone, "");
    assert_string_equal(other, "--port=1");
    assert_string_equal(own, "NESTD_HF_TOKEN=");
    assert_string_equal(hub, "HF_TOKEN=");
    assert_string_equal(old, "HUGGING_FACE_HUB_TOKEN=");
    assert_string_equal(tei, "HF_API_TOKEN=");
    assert_string_equal(path, "PATH=/bin");
    assert_memory_equal(hub + strlen("HF_TOKEN="), "\0\0\0\0", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings__find_the_cache),
        cmocka_unit_test(test_settings__without_a_home_ask_for_a_cache),
        cmocka_unit_test(test_settings__find_the_hub),
        cmocka_unit_test(test_settings__know_when_to_stay_offline),
        cmocka_unit_test(test_token__is_the_first_that_is_given),
        cmocka_unit_test(test_token__that_is_wrong_is_not_shown),
        cmocka_unit_test(test_token__is_wiped_wherever_it_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
