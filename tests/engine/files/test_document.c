/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/files/document.h"
#include "tests/engine/model/folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Opens a document of this text; it must be good. */
static struct document open_text(const char *text)
{
    struct document document;
    struct error error = {{0}};
    struct folder folder;

    folder_init(&folder);
    folder_write_text(&folder, "config.json", text);
    assert_int_equal(document_open(&document, folder.path, "config.json", false, &error), 0);
    folder_release(&folder);
    return document;
}

static void assert_refused(const char *text, const char *complaint)
{
    struct document document = {.root = NULL};
    struct error error = {{0}};
    struct folder folder;

    folder_init(&folder);
    folder_write_text(&folder, "config.json", text);
    assert_int_equal(document_open(&document, folder.path, "config.json", false, &error),
                     STATUS_INVALID);
    assert_non_null(strstr(error.text, complaint));
    assert_null(document.root);
    folder_release(&folder);
}

static void test_document__refuses_what_is_not_a_json_object(void **state)
{
    (void)state;
    assert_refused("", "config.json: is not valid JSON");
    assert_refused("{\"a\": 1", "config.json: is not valid JSON: line 1");
    assert_refused("{} x", "config.json: is not valid JSON");
    assert_refused("{\"a\": \"\xff\"}", "config.json: is not valid JSON");
    assert_refused("[1]", "config.json: must be a JSON object");
    assert_refused("{\"a\": 1, \"a\": 2}", "duplicate");
}

static void test_document__refuses_deep_nesting(void **state)
{
    enum { DEPTH = 100000 };
    char *text = malloc(DEPTH + 1);

    (void)state;
    assert_non_null(text);
    memset(text, '[', DEPTH);
    text[DEPTH] = '\0';
    assert_refused(text, "config.json: is not valid JSON");
    free(text);
}

static void test_document__refuses_a_file_that_is_too_large(void **state)
{
    enum { SIZE = (64 << 20) + 1 };
    char *text = malloc(SIZE + 1);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', SIZE);
    text[SIZE] = '\0';
    assert_refused(text, "has 67108865 bytes");
    free(text);
}

static void
test_document__a_missing_file_is_an_io_failure_or_none_where_it_may_be_missing(void **state)
{
    struct document document;
    struct error error = {{0}};

    (void)state;
    assert_int_equal(document_open(&document, "/nonexistent", "config.json", false, &error),
                     STATUS_IO);
    assert_string_equal(error.text,
                        "/nonexistent/config.json: cannot be opened: No such file or directory");
    assert_int_equal(
        document_open_if_there(&document, "/nonexistent", "config.json", false, &error), STATUS_OK);
    assert_null(document.root);
    document_release(&document);
    document_release(NULL);
}

static void test_document__refuses_folders_and_pipes_without_waiting(void **state)
{
    struct document document;
    struct error error = {{0}};
    struct folder folder;

    (void)state;
    folder_init(&folder);
    assert_int_equal(mkfifo(folder_path(&folder, "pipe"), 0600), 0);
    assert_int_equal(mkdir(folder_path(&folder, "inner"), 0700), 0);
    assert_int_equal(document_open(&document, folder.path, "pipe", false, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "is not a regular file"));
    assert_int_equal(document_open(&document, folder.path, "inner", false, NULL), STATUS_INVALID);
    folder_release(&folder);
}

static void assert_bad_size(const struct document *document, const char *key, const char *complaint)
{
    struct error error = {{0}};
    size_t size = 42;

    assert_int_equal(document_get_size(document, key, 1, 65536, &size, &error), STATUS_INVALID);
    assert_string_equal(error.text, complaint);
    assert_int_equal(size, 42);
}

static void test_document__sizes_are_whole_and_in_bounds(void **state)
{
    struct document document =
        open_text("{\"good\": 65536, \"text\": \"x\", \"half\": 1.5, \"zero\": 0, \"big\": 65537, "
                  "\"minus\": -1, \"huge\": 1e300, \"limitless\": "
                  "1000000000000000019884624838656, \"null\": null, \"yes\": true}");
    struct error error = {{0}};
    size_t size = 42;

    (void)state;
    assert_int_equal(document_get_size(&document, "good", 1, 65536, &size, &error), STATUS_OK);
    assert_int_equal(size, 65536);
    size = 42;
    assert_int_equal(document_get_size(&document, "absent", 1, 2, &size, &error), STATUS_OK);
    assert_int_equal(document_get_size(&document, "null", 1, 2, &size, &error), STATUS_OK);
    assert_int_equal(size, 42);
#define WANTED "\" must be a whole number from 1 to 65536, not "
    assert_bad_size(&document, "text", "config.json: \"text" WANTED "\"x\"");
    assert_bad_size(&document, "half", "config.json: \"half" WANTED "1.5");
    assert_bad_size(&document, "zero", "config.json: \"zero" WANTED "0");
    assert_bad_size(&document, "big", "config.json: \"big" WANTED "65537");
    assert_bad_size(&document, "minus", "config.json: \"minus" WANTED "-1");
    assert_bad_size(&document, "huge", "config.json: \"huge" WANTED "1e300");
    assert_bad_size(&document, "limitless", "config.json: \"limitless" WANTED "1e30");
    assert_bad_size(&document, "yes", "config.json: \"yes" WANTED "true");
#undef WANTED
    document_release(&document);
}

static void test_document__other_types_are_checked(void **state)
{
    struct document document = open_text("{\"eps\": 1e-12, \"on\": true, \"name\": \"n\", "
                                         "\"inner\": {\"key\": 3}, \"list\": [1]}");
    struct document inner;
    struct error error = {{0}};
    const char *text = "old";
    double real = 0;
    bool flag = false;
    size_t size = 0;

    (void)state;
    assert_int_equal(document_get_real(&document, "eps", 0, 1, &real, &error), STATUS_OK);
    assert_true(real == 1e-12);
    assert_int_equal(document_get_bool(&document, "on", &flag, &error), STATUS_OK);
    assert_true(flag);
    assert_int_equal(document_get_string(&document, "name", &text, &error), STATUS_OK);
    assert_string_equal(text, "n");
    assert_int_equal(document_get_object(&document, "absent", &inner, &error), STATUS_OK);
    assert_null(inner.root);
    assert_int_equal(document_get_object(&document, "inner", &inner, &error), STATUS_OK);
    assert_int_equal(document_get_size(&inner, "key", 4, 5, &size, &error), STATUS_INVALID);
    assert_string_equal(error.text, "config.json: \"inner\": \"key\" must be a whole number from 4 "
                                    "to 5, not 3");
    assert_int_equal(document_get_real(&document, "name", 0, 1, &real, NULL), STATUS_INVALID);
    assert_int_equal(document_get_real(&document, "eps", 1, 2, &real, NULL), STATUS_INVALID);
    assert_int_equal(document_get_bool(&document, "eps", &flag, NULL), STATUS_INVALID);
    assert_int_equal(document_get_string(&document, "on", &text, NULL), STATUS_INVALID);
    assert_int_equal(document_get_object(&document, "list", &inner, NULL), STATUS_INVALID);
    document_release(&document);
}

static void test_document__refuses_settings_that_ask_for_something(void **state)
{
    struct document document =
        open_text("{\"no\": false, \"null\": null, \"list\": [], \"map\": {}, \"text\": \"\", "
                  "\"yes\": true, \"zero\": 0, \"heads\": {\"0\": [1]}}");
    struct error error = {{0}};

    (void)state;
    assert_int_equal(document_refuse(&document, "absent", &error), STATUS_OK);
    assert_int_equal(document_refuse(&document, "no", &error), STATUS_OK);
    assert_int_equal(document_refuse(&document, "null", &error), STATUS_OK);
    assert_int_equal(document_refuse(&document, "list", &error), STATUS_OK);
    assert_int_equal(document_refuse(&document, "map", &error), STATUS_OK);
    assert_int_equal(document_refuse(&document, "text", &error), STATUS_OK);
    assert_int_equal(document_refuse(&document, "yes", NULL), STATUS_UNSUPPORTED);
    assert_int_equal(document_refuse(&document, "zero", NULL), STATUS_UNSUPPORTED);
    assert_int_equal(document_refuse_count(&document, "zero", &error), STATUS_OK);
    assert_int_equal(document_refuse_count(&document, "no", &error), STATUS_OK);
    assert_int_equal(document_refuse_count(&document, "yes", NULL), STATUS_UNSUPPORTED);
    assert_int_equal(document_refuse(&document, "heads", &error), STATUS_UNSUPPORTED);
    assert_string_equal(error.text,
                        "config.json: \"heads\" is {\"0\":[1.0]}, which nestd cannot do");
    document_release(&document);
}

static void test_document__refuses_settings_that_it_does_not_know(void **state)
{
    static const char *const known[] = {"a", "b"};
    struct document document = open_text("{\"b\": 1, \"c\": \"long long long long long long long "
                                         "long long long long long long text\"}");
    struct error error = {{0}};

    (void)state;
    assert_int_equal(document_check_keys(&document, known, 2, &error), STATUS_UNSUPPORTED);
    assert_string_equal(error.text,
                        "config.json: \"c\" (a long text) is a setting that nestd does not know");
    json_object_del(document.root, "c");
    assert_int_equal(document_check_keys(&document, known, 2, NULL), STATUS_OK);
    document_release(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document__refuses_what_is_not_a_json_object),
        cmocka_unit_test(test_document__refuses_deep_nesting),
        cmocka_unit_test(test_document__refuses_a_file_that_is_too_large),
        cmocka_unit_test(
            test_document__a_missing_file_is_an_io_failure_or_none_where_it_may_be_missing),
        cmocka_unit_test(test_document__refuses_folders_and_pipes_without_waiting),
        cmocka_unit_test(test_document__sizes_are_whole_and_in_bounds),
        cmocka_unit_test(test_document__other_types_are_checked),
        cmocka_unit_test(test_document__refuses_settings_that_ask_for_something),
        cmocka_unit_test(test_document__refuses_settings_that_it_does_not_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
