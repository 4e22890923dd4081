/* SPDX-License-Identifier: Apache-2.0 */

#include "server/bulk/journal.h"
#include "server/bulk/output.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/nestd-journal-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/v.run.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_journal__is_read_back(void **state)
{
    const struct journal_place place = {
        .state = JOURNAL_NAMING,
        .n_records = 7,
        .n_rows = 5,
        .n_bad = 2,
        .n_truncated = 1,
        .digest = 0xfedcba98,
        .output_bytes = 5000000000,
        .ids_bytes = 3,
        .bad_bytes = 4,
    };
    struct journal_place back;
    json_t *run = json_pack("{s:s,s:i}", "model", "m", "dimensions", 8);
    json_t *other = json_pack("{s:s,s:i}", "model", "m", "dimensions", 16);
    struct error error = {0};
    bool found;

    (void)state;
    unlink(path);
    assert_int_equal(journal_read(path, run, &found, &back, &error), STATUS_OK);
    assert_false(found);
    assert_int_equal(back.n_records, 0);
    assert_int_equal(journal_write(path, run, &place, &error), STATUS_OK);
    assert_int_equal(journal_read(path, run, &found, &back, &error), STATUS_OK);
    assert_true(found);
    assert_int_equal(back.state, place.state);
    assert_int_equal(back.n_records, place.n_records);
    assert_int_equal(back.n_rows, place.n_rows);
    assert_int_equal(back.n_bad, place.n_bad);
    assert_int_equal(back.n_truncated, place.n_truncated);
    assert_int_equal(back.digest, place.digest);
    assert_int_equal(back.output_bytes, place.output_bytes);
    assert_int_equal(back.ids_bytes, place.ids_bytes);
    assert_int_equal(back.bad_bytes, place.bad_bytes);
    assert_int_equal(journal_read(path, other, &found, &back, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "the run to resume has dimensions 8, this one 16"));
    json_decref(run);
    json_decref(other);
}

static void test_journal__nonsense_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"run\": {}}",
        "{\"run\": {}, \"place\": {\"state\": \"running\"}}",
        "{\"run\": {}, \"place\": {\"state\": \"done\", \"records\": 1, \"rows\": 1, \"bad\": 0, "
        "\"truncated\": 0, \"digest\": 1, \"output_bytes\": 1, \"ids_bytes\": 1, \"bad_bytes\": "
        "1}}",
        "{\"run\": {}, \"place\": {\"state\": \"running\", \"records\": -1, \"rows\": 1, \"bad\": "
        "0, "
        "\"truncated\": 0, \"digest\": 1, \"output_bytes\": 1, \"ids_bytes\": 1, \"bad_bytes\": "
        "1}}",
        "{\"run\": {}, \"place\": {\"state\": \"running\", \"records\": 1, \"rows\": 1, \"bad\": "
        "0, "
        "\"truncated\": 0, \"digest\": 4294967296, \"output_bytes\": 1, \"ids_bytes\": 1, "
        "\"bad_bytes\": 1}}",
    };
    json_t *run = json_object();

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct journal_place place;
        struct error error = {0};
        bool found;

        write_text(bad[i]);
        assert_int_equal(journal_read(path, run, &found, &place, &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, "is no description of a run"));
    }
    json_decref(run);
}

/* ---- the files that it counts ---- */

static void test_output__has_its_name_only_when_it_is_whole(void **state)
{
    struct output *output = NULL;
    struct output *second = NULL;
    struct error error = {0};
    char partial[80];
    char bytes[16] = "";
    FILE *file;

    (void)state;
    unlink(path);
    snprintf(partial, sizeof(partial), "%s.partial", path);
    assert_int_equal(output_open(&output, path, 0, &error), STATUS_OK);
    assert_int_equal(output_open(&second, path, 0, &error), STATUS_OVERLOADED);
    assert_int_equal(output_append(output, "0123456789", 10, &error), STATUS_OK);
    assert_int_equal(output_flush(output, &error), STATUS_OK);
    output_close(output);
    assert_int_not_equal(access(path, F_OK), 0);

    /* On, after what counts of it. */
    assert_int_equal(output_open(&output, path, 4, &error), STATUS_OK);
    assert_int_equal(output_get_size(output), 4);
    assert_int_equal(output_append(output, "ab", 2, &error), STATUS_OK);
    assert_int_equal(output_flush(output, &error), STATUS_OK);
    assert_int_equal(output_write_at(output, 0, "X", 1, &error), STATUS_OK);
    assert_int_equal(output_sync(output, &error), STATUS_OK);
    assert_int_equal(output_publish(output, &error), STATUS_OK);
    output_close(output);
    assert_int_not_equal(access(partial, F_OK), 0);
    file = fopen(path, "r");
    assert_int_equal(fread(bytes, 1, sizeof(bytes), file), 6);
    assert_string_equal(bytes, "X123ab");
    fclose(file);
}

static void test_output__file_that_is_too_short_is_refused(void **state)
{
    struct output *output = NULL;
    struct error error = {0};
    char partial[80];

    (void)state;
    snprintf(partial, sizeof(partial), "%s.partial", path);
    assert_int_equal(output_open(&output, path, 1, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "has 0 bytes, but 1 were written"));
    assert_null(output);
    unlink(partial);
}

static void test_output__what_has_failed_goes_on_no_more(void **state)
{
    struct output *output = NULL;
    struct error error = {0}, again = {0};

    (void)state;
    assert_true(output_is_stream("/dev/full"));
    assert_true(output_is_stream("-"));
    assert_false(output_is_stream(path));
    assert_int_equal(output_open(&output, "/dev/full", 0, &error), STATUS_OK);
    assert_int_equal(output_append(output, "a", 1, &error), STATUS_OK);
    assert_int_equal(output_flush(output, &error), STATUS_IO);
    assert_string_equal(error.text, "/dev/full: No space left on device");
    assert_int_equal(output_flush(output, &again), STATUS_IO);
    output_close(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__is_read_back),
        cmocka_unit_test(test_journal__nonsense_is_refused),
        cmocka_unit_test(test_output__has_its_name_only_when_it_is_whole),
        cmocka_unit_test(test_output__file_that_is_too_short_is_refused),
        cmocka_unit_test(test_output__what_has_failed_goes_on_no_more),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
