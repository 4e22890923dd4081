/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/records/csv.h"
#include "tests/server/records/written.h"

#include <stdio.h>
#include <string.h>

enum { MAX_RECORD_BYTES = 100 };

/* Rows as text: fields in brackets, a line a row, with the line of the file that it begins on. */
static void read_all(const char *bytes, size_t len_bytes, char separator, char *ret_text,
                     size_t text_bytes, struct error *error)
{
    struct written file = written_new(bytes, len_bytes);
    struct reader *reader = NULL;
    struct csv_row row;
    size_t len = 0;
    enum status status = reader_open(&reader, file.path, MAX_RECORD_BYTES, error);

    ret_text[0] = '\0';
    for (;;) {
        if (!status)
            status = csv_next(reader, separator, &row, error);
        if (status || row.n_fields == 0)
            break;
        len += (size_t)snprintf(ret_text + len, text_bytes - len, "%zu:", reader_get_line(reader));
        for (size_t i = 0; i < row.n_fields; i++)
            len += (size_t)snprintf(ret_text + len, text_bytes - len, "[%.*s]",
                                    (int)row.fields[i].len_bytes, row.fields[i].bytes);
        len += (size_t)snprintf(ret_text + len, text_bytes - len, "\n");
    }
    assert_true((status != STATUS_OK) == (error->text[0] != '\0'));
    reader_free(reader);
    written_release(&file);
}

static void test_csv__reads_rows(void **state)
{
    static const struct {
        char separator;
        const char *text;
        const char *rows;
    } cases[] = {
        {',', "", ""},
        {',', "a,b\nc,d\n", "1:[a][b]\n2:[c][d]\n"},
        {',', "a,b\r\nc,d", "1:[a][b]\n2:[c][d]\n"},
        {',', ",\n,,", "1:[][]\n2:[][][]\n"},
        {',', "\xef\xbb\xbf\"a\",b", "1:[a][b]\n"},
        {',', "\n\r\na\n\n\nb\n\n", "3:[a]\n6:[b]\n"},
        {',', "\"a,\"\"b\"\"\",\"\"\n\"c\r\nd\",e\nf", "1:[a,\"b\"][]\n2:[c\r\nd][e]\n4:[f]\n"},
        {',', "\"\"\"\",x\r\n", "1:[\"][x]\n"},
        {',', " a , b \n", "1:[ a ][ b ]\n"},
        {',', "a\tb,c\n", "1:[a\tb][c]\n"},
        {'\t', "a,b\tc\n\"d\" said\t\"e\n", "1:[a,b][c]\n2:[\"d\" said][\"e]\n"},
        {'\t', "a\tb\r\n\tc\r\n", "1:[a][b]\n2:[][c]\n"},
        {'\t', "1\t2\t\n", "1:[1][2][]\n"},
        {',', "\xc3\xa9,\xf0\x9f\x98\x80\n", "1:[\xc3\xa9][\xf0\x9f\x98\x80]\n"},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char rows[200];
        struct error error = {0};

        read_all(cases[c].text, strlen(cases[c].text), cases[c].separator, rows, sizeof rows,
                 &error);
        assert_string_equal(error.text, "");
        assert_string_equal(rows, cases[c].rows);
    }
}

static void test_csv__refuses_with_file_and_line(void **state)
{
    char too_long[MAX_RECORD_BYTES + 5];
    char too_many[2 * CSV_MAX_FIELDS];
    const struct {
        const char *text;
        const char *complaint; /* behind the path */
    } cases[] = {
        {"a,b\n\"c,d\ne", ":2: a quoted field of this row has no end"},
        {"a\nb\"c\n", ":2: field 1 has a quote but does not begin with one"},
        {"a,\"b\"c\n", ":1: field 2 goes on after its closing quote"},
        {"\"a\n\"\nb,\xff\n", ":3: is not UTF-8 (at byte 2)"},
        {"\xc3,\xa9\n", ":1: is not UTF-8 (at byte 1)"},
        {too_long, ":2: is longer than the 100 bytes that are allowed"},
        {too_many, ":1: has more than 64 fields"},
    };

    (void)state;
    memset(too_long, 'x', sizeof too_long);
    memcpy(too_long, "a\n", 2);
    too_long[sizeof too_long - 1] = '\0';
    memset(too_many, ',', sizeof too_many);
    too_many[CSV_MAX_FIELDS] = '\0';
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char rows[200];
        struct error error = {0};
        const char *at;

        read_all(cases[c].text, strlen(cases[c].text), ',', rows, sizeof rows, &error);
        at = strchr(error.text, ':');
        assert_non_null(at);
        assert_string_equal(at, cases[c].complaint);
        assert_memory_equal(error.text, "/proc/self/fd/", 14);
    }
}

static void test_csv__separator_is_told_by_the_name(void **state)
{
    (void)state;
    assert_int_equal(csv_find_separator("qrels/test.tsv"), '\t');
    assert_int_equal(csv_find_separator("a.tsv.gz"), '\t');
    assert_int_equal(csv_find_separator("a.csv"), ',');
    assert_int_equal(csv_find_separator("tsv"), ',');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv__reads_rows),
        cmocka_unit_test(test_csv__refuses_with_file_and_line),
        cmocka_unit_test(test_csv__separator_is_told_by_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
