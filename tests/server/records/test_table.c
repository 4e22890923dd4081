/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/records/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct table_column columns[] = {
    {.names = {"id", "_id"}},
    {.names = {"score"}, .is_number = true},
    {.names = {"title"}, .is_optional = true},
};
enum { N_COLUMNS = sizeof columns / sizeof *columns };

/* In a folder of its own, since the name says what it holds. */
static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* All rows as "[id][score][title]", a line each, or the complaint without the folder. */
static void read_all(const char *name, const char *text, char *ret_text, size_t text_bytes)
{
    char folder[] = "/tmp/test_table_XXXXXX";
    char path[80];
    struct table *table = NULL;
    struct slice fields[N_COLUMNS];
    struct error error = {0};
    size_t len = 0;
    enum status status;

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    write_file(path, text);
    ret_text[0] = '\0';
    status = table_open(&table, path, 1000, columns, N_COLUMNS, &error);
    for (;;) {
        double number;

        if (!status)
            status = table_next(table, fields, &error);
        if (status || !fields[0].bytes)
            break;
        status = table_read_number(table, fields[1], &number, &error);
        if (status)
            break;
        len += (size_t)snprintf(ret_text + len, text_bytes - len, "[%.*s][%g][%.*s]\n",
                                (int)fields[0].len_bytes, fields[0].bytes, number,
                                (int)fields[2].len_bytes, fields[2].bytes);
    }
    if (status)
        snprintf(ret_text, text_bytes, "%s", error.text + strlen(folder) + 1);
    table_free(table);
    unlink(path);
    rmdir(folder);
}

static void test_table__finds_columns(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        const char *expected;
    } cases[] = {
        {"a.csv", "id,score,title\na,1,x\nb,-2.5,\n", "[a][1][x]\n[b][-2.5][]\n"},
        {"a.csv", "more, Score ,_ID\n\"q,\",1e-3,a\n", "[a][0.001][]\n"},
        {"a.csv", "a,1\nb,2\n", "[a][1][]\n[b][2][]\n"},
        {"a.csv", "", ""},
        {"a.csv", "id,score\n", ""},
        {"a.tsv", "a,b\t1\n", "[a,b][1][]\n"},
        {"a.tsv", "score\tid\n3\ta\n", "[a][3][]\n"},
        {"a.jsonl",
         "{\"_id\": 7, \"score\": 0.5}\n{\"id\": \"b\", \"score\": \"2\", \"title\": \"t\"}",
         "[7][0.5][]\n[b][2][t]\n"},
        {"a.jsonl", "{\"id\": \"a\", \"score\": 1, \"title\": null}", "[a][1][]\n"},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char rows[300];

        read_all(cases[c].name, cases[c].text, rows, sizeof rows);
        assert_string_equal(rows, cases[c].expected);
    }
}

static void test_table__refuses_with_file_and_line(void **state)
{
    static const char *const cases[][3] = {
        {"a.csv", "a,b\nc,1\n",
         "a.csv:1: a header with the columns \"id\", \"score\", or just these columns, is wanted"},
        {"a.csv", "a,1,x\n",
         "a.csv:1: a header with the columns \"id\", \"score\", or just these columns, is wanted"},
        {"a.csv", "id,score\na,1\nb,2,c\n", "a.csv:3: has 3 fields, the first row has 2"},
        {"a.csv", "id,score\na,x\n", "a.csv:2: \"x\" is not a number"},
        {"a.csv", "id,score\na,nan\n", "a.csv:2: \"nan\" is not a number"},
        {"a.csv", "id,score\na,\n", "a.csv:2: \"\" is not a number"},
        {"a.jsonl", "{\"id\": \"a\"}", "a.jsonl:1: \"score\" is missing"},
        {"a.jsonl", "{\"id\": \"a\", \"score\": [1]}", "a.jsonl:1: \"score\" is not a number"},
        {"a.jsonl", "{\"id\": 1.5, \"score\": 1}", "a.jsonl:1: \"id\" is not a text"},
        {"a.jsonl", "\n{\"id\": true, \"score\": 1}", "a.jsonl:2: \"id\" is not a text"},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char complaint[300];

        read_all(cases[c][0], cases[c][1], complaint, sizeof complaint);
        assert_string_equal(complaint, cases[c][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table__finds_columns),
        cmocka_unit_test(test_table__refuses_with_file_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
