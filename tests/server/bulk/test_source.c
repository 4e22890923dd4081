/* SPDX-License-Identifier: Apache-2.0 */

#include "server/bulk/source.h"
#include "tests/server/records/written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_RECORDS = 8 };

static const char *default_fields[] = {"text"};
static const char *two_fields[] = {"title", "text"};

/* What one file gives: "line id text" a record, "line: message" where one is bad. */
static void list_records(const struct source_setup *setup, char *to, size_t size)
{
    struct source *source = NULL;
    struct error error = {0};
    struct record record;
    size_t len = 0;

    to[0] = '\0';
    if (source_open(&source, setup, &error)) {
        snprintf(to, size, "%s", strchr(error.text, ':'));
        return;
    }
    for (;;) {
        enum status status;

        error = (struct error){0};
        status = source_next(source, &record, &error);
        if (!status && !record.text.bytes)
            break;
        if (status)
            len += (size_t)snprintf(to + len, size - len, "%s|", strchr(error.text, ':'));
        else
            len += (size_t)snprintf(to + len, size - len, "%zu %.*s %.*s|", record.line,
                                    (int)record.id.len_bytes, record.id.bytes,
                                    (int)record.text.len_bytes, record.text.bytes);
        if (status && status != STATUS_INVALID)
            break;
    }
    source_free(source);
}

static void test_source__records_of_each_format(void **state)
{
    static const struct {
        enum source_format format;
        const char *content;
        struct option_list fields;
        const char *id_field;
        const char *records;
    } cases[] = {
        {SOURCE_LINES,
         "a\r\nb c\n\nd",
         {default_fields, 1},
         NULL,
         "1 1 a|2 2 b c|:3: the text is empty|4 4 d|"},
        {SOURCE_LINES,
         "a\n\xff\nb\n",
         {default_fields, 1},
         NULL,
         "1 1 a|:2: is not UTF-8 (at byte 1)|3 3 b|"},
        {SOURCE_LINES, "", {default_fields, 1}, NULL, ""},
        {SOURCE_JSONL,
         "{\"text\":\"a\"}\n\n{\"text\":\"b\\u0000c\"}\n",
         {default_fields, 1},
         NULL,
         "1 1 a|3 3 b|"},
        {SOURCE_JSONL,
         "{\"id\":\"x\\\"\",\"text\":\"a\"}\n{\"id\":-7,\"text\":\"b\"}\n",
         {default_fields, 1},
         NULL,
         "1 \"x\\\"\" a|2 -7 b|"},
        {SOURCE_JSONL,
         "{\"_id\":\"x\",\"title\":\"t\",\"text\":\"a\"}\n",
         {two_fields, 2},
         NULL,
         "1 \"x\" t a|"},
        {SOURCE_JSONL,
         "{\"id\":1,\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"id\":1.5,\"text\":\"b\"}\n",
         {default_fields, 1},
         NULL,
         "1 1 a|:2: \"id\" is missing|:3: \"id\" is neither a text nor a whole number|"},
        {SOURCE_JSONL,
         "{\"text\":\"a\"}\n{\"id\":1,\"text\":\"b\"}\n",
         {default_fields, 1},
         NULL,
         "1 1 a|2 2 b|"},
        {SOURCE_JSONL,
         "{\"key\":1,\"text\":\"a\"}\n{\"text\":1}\n{\"key\":2}\n",
         {default_fields, 1},
         "key",
         "1 1 a|:2: \"key\" is missing|:3: \"text\" is missing|"},
        {SOURCE_CSV,
         "text,id\na,1\n\"b,\n\"\"\",2\nc\nd,4\n",
         {default_fields, 1},
         NULL,
         "2 \"1\" a|3 \"2\" b,\n\"|:5: has 1 fields, the first row has 2|6 \"4\" d|"},
        {SOURCE_CSV,
         "text\n\"a\"b\nc\n",
         {default_fields, 1},
         NULL,
         ":2: field 1 goes on after its closing quote|3 3 c|"},
        {SOURCE_CSV,
         "body\na\n",
         {default_fields, 1},
         NULL,
         ":1: the first row has no field \"text\" (--text-field)"},
        {SOURCE_CSV,
         "text\na\n",
         {default_fields, 1},
         "key",
         ":1: the first row has no field \"key\" (--id-field)"},
        {SOURCE_TSV, "title\ttext\nx\ty \"z\"\n", {two_fields, 2}, NULL, "2 2 x y \"z\"|"},
    };
    char records[1000];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct written file = written_new(cases[i].content, strlen(cases[i].content));
        const struct source_setup setup = {
            .path = file.path,
            .format = cases[i].format,
            .text_fields = cases[i].fields,
            .id_field = cases[i].id_field,
            .n_shards = 1,
        };

        list_records(&setup, records, sizeof(records));
        if (strcmp(records, cases[i].records) != 0)
            fail_msg("case %zu: %s", i, records);
        written_release(&file);
    }
}

static void test_source__format_goes_by_the_name(void **state)
{
    static const struct {
        const char *path;
        enum source_format format;
    } cases[] = {
        {"a.txt", SOURCE_LINES},   {"a", SOURCE_LINES},         {"-", SOURCE_LINES},
        {"a.jsonl", SOURCE_JSONL}, {"a.JSONL", SOURCE_JSONL},   {"a.ndjson", SOURCE_JSONL},
        {"a.csv.gz", SOURCE_CSV},  {"a.tsv", SOURCE_TSV},       {"a.txt.gz", SOURCE_LINES},
        {"jsonl", SOURCE_LINES},   {"a.csv.txt", SOURCE_LINES}, {"gz", SOURCE_LINES},
        {".gz", SOURCE_LINES},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (source_find_format("auto", cases[i].path) != cases[i].format)
            fail_msg("%s", cases[i].path);
    assert_int_equal(source_find_format("csv", "a.jsonl"), SOURCE_CSV);
}

static void test_source__shards_share_the_records(void **state)
{
    static const char content[] = "a\n\nc\nd\ne\n";
    static const char *const expected[] = {"1 1 a|4 4 d|", ":2: the text is empty|5 5 e|",
                                           "3 3 c|"};
    struct written file = written_new(content, sizeof(content) - 1);
    char records[200];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct source_setup setup = {
            .path = file.path, .text_fields = {default_fields, 1}, .i_shard = i, .n_shards = 3};

        list_records(&setup, records, sizeof(records));
        assert_string_equal(records, expected[i]);
    }
    written_release(&file);
}

static uint32_t digest_of(const char *content, size_t n_records)
{
    struct written file = written_new(content, strlen(content));
    const struct source_setup setup = {
        .path = file.path, .text_fields = {default_fields, 1}, .n_shards = 1};
    struct source *source = NULL;
    struct record record;
    uint32_t digest;

    assert_int_equal(source_open(&source, &setup, NULL), STATUS_OK);
    for (size_t i = 0; i < n_records; i++)
        (void)!source_next(source, &record, NULL);
    assert_int_equal(source_count(source), n_records);
    digest = source_get_digest(source);
    source_free(source);
    written_release(&file);
    return digest;
}

static void test_source__digest_tells_records_apart(void **state)
{
    (void)state;
    assert_int_equal(digest_of("a\nb\nc\n", 2), digest_of("a\r\nb\r\nother", 2));
    assert_int_not_equal(digest_of("a\nb\n", 2), digest_of("b\na\n", 2));
    assert_int_not_equal(digest_of("a\nb\n", 2), digest_of("a\n\n", 2));
    assert_int_not_equal(digest_of("ab\nc\n", 2), digest_of("a\nbc\n", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source__records_of_each_format),
        cmocka_unit_test(test_source__format_goes_by_the_name),
        cmocka_unit_test(test_source__shards_share_the_records),
        cmocka_unit_test(test_source__digest_tells_records_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
