/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/records/jsonl.h"
#include "tests/server/records/written.h"

#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <zlib.h>

enum { MAX_RECORD_BYTES = 1000, N_LINES = 30000 };

static struct reader *open_reader(const struct written *file)
{
    struct reader *reader = NULL;
    struct error error = {0};

    if (reader_open(&reader, file->path, MAX_RECORD_BYTES, &error))
        fail_msg("%s", error.text);
    return reader;
}

static void expect_line(struct reader *reader, const char *expected, size_t line_number)
{
    struct error error = {0};
    struct slice line;

    if (reader_next_line(reader, &line, &error))
        fail_msg("%s", error.text);
    if (!expected) {
        assert_null(line.bytes);
        return;
    }
    assert_true(slice_is(line, expected));
    assert_int_equal(reader_get_line(reader), line_number);
}

static void test_reader__reads_lines(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "first\r\n\n a b \nlast";
    struct written file = written_new(text, sizeof text - 1);
    struct reader *reader = open_reader(&file);

    (void)state;
    expect_line(reader, "first", 1);
    expect_line(reader, "", 2);
    expect_line(reader, " a b ", 3);
    expect_line(reader, "last", 4);
    expect_line(reader, NULL, 0);
    expect_line(reader, NULL, 0);
    reader_free(reader);
    written_release(&file);
}

/* N_LINES lines of their numbers, compressed; the caller frees it. */
static unsigned char *compress_lines(size_t *ret_len_bytes)
{
    enum { MAX_BYTES = 1 << 20 };
    char *text = malloc(MAX_BYTES);
    unsigned char *packed = malloc(MAX_BYTES);
    z_stream stream = {
        .next_in = (unsigned char *)text, .next_out = packed, .avail_out = MAX_BYTES};

    assert_non_null(text);
    assert_non_null(packed);
    for (int i = 0; i < N_LINES; i++)
        stream.avail_in += (unsigned)sprintf(text + stream.avail_in, "%d\n", i);
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *ret_len_bytes = stream.total_out;
    deflateEnd(&stream);
    free(text);
    return packed;
}

static void test_reader__reads_what_gzip_compressed(void **state)
{
    size_t len_bytes;
    unsigned char *packed = compress_lines(&len_bytes);
    struct written file = written_new(packed, len_bytes);
    struct reader *reader = open_reader(&file);

    (void)state;
    for (size_t i = 0; i < N_LINES; i++) {
        char number[20];

        snprintf(number, sizeof number, "%zu", i);
        expect_line(reader, number, i + 1);
    }
    expect_line(reader, NULL, 0);
    reader_free(reader);
    written_release(&file);
    free(packed);
}

/* Wherever it is cut off, the end is an error and not an end. */
static void test_reader__refuses_what_is_cut_off(void **state)
{
    size_t len_bytes;
    unsigned char *packed = compress_lines(&len_bytes);

    (void)state;
    for (size_t len = 19; len < len_bytes; len += len < len_bytes - 20 ? len_bytes / 7 : 1) {
        struct written file = written_new(packed, len);
        struct reader *reader = NULL;
        struct error error = {0};
        struct slice line = {"", 0};
        enum status status = reader_open(&reader, file.path, MAX_RECORD_BYTES, &error);

        while (!status && line.bytes)
            status = reader_next_line(reader, &line, &error);
        assert_int_equal(status, STATUS_IO);
        assert_non_null(strstr(error.text, ": cannot be read: the compressed data ends too early"));
        reader_free(reader);
        written_release(&file);
    }
    free(packed);
}

/* Reads all lines of the compressed ones and `len` bytes behind them. */
static enum status read_with(const char *behind, size_t len, size_t *ret_n_lines,
                             struct error *error)
{
    size_t len_bytes;
    unsigned char *packed = compress_lines(&len_bytes);
    struct written file;
    struct reader *reader;
    struct slice line = {"", 0};
    enum status status = STATUS_OK;

    memcpy(packed + len_bytes, behind, len); /* which has room for it */
    file = written_new(packed, len_bytes + len);
    reader = open_reader(&file);
    *ret_n_lines = 0;
    while (!status && line.bytes) {
        status = reader_next_line(reader, &line, error);
        *ret_n_lines += !status && line.bytes;
    }
    reader_free(reader);
    written_release(&file);
    free(packed);
    return status;
}

/* The second member is gzip's own: printf 'x\n' | gzip -n. */
static void test_reader__reads_members_one_after_the_other(void **state)
{
    static const char member[] =
        "\037\213\010\000\000\000\000\000\000\003\253\340\002\000\037\010\352\106\002\000\000\000";
    static const char zeros[512];
    struct error error = {0};
    size_t n_lines;

    (void)state;
    assert_int_equal(read_with(member, sizeof member - 1, &n_lines, &error), STATUS_OK);
    assert_int_equal(n_lines, N_LINES + 1);
    assert_int_equal(read_with(zeros, sizeof zeros, &n_lines, &error), STATUS_OK);
    assert_int_equal(n_lines, N_LINES);
}

static void test_reader__refuses_what_follows_a_member_and_is_none(void **state)
{
    static const char *const behind[] = {"cat\ndog\n", "\0\0cat", "\x1e\x8b\x08\0"};

    (void)state;
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        struct error error = {0};
        size_t n_lines;

        assert_int_equal(read_with(behind[i], 5, &n_lines, &error), STATUS_IO);
        assert_int_equal(n_lines, N_LINES);
        assert_non_null(strstr(error.text, "what follows the compressed data is not compressed"));
    }
}

static void test_reader__says_what_cannot_be_opened(void **state)
{
    struct reader *reader = NULL;
    struct error error = {0};

    (void)state;
    assert_int_equal(reader_open(&reader, "/nowhere/x", 10, &error), STATUS_IO);
    assert_string_equal(error.text, "/nowhere/x: No such file or directory");
    error = (struct error){0};
    assert_int_equal(reader_open(&reader, "/proc", 10, &error), STATUS_IO);
    assert_string_equal(error.text, "/proc: is a folder, not a file");
}

static void test_jsonl__reads_objects(void **state)
{
    static const char text[] =
        "\n{\"_id\": \"a\", \"text\": \"x\\u0000\\u00e9\"}\n  \n{\"text\": null}\n";
    struct written file = written_new(text, sizeof text - 1);
    struct reader *reader = open_reader(&file);
    struct error error = {0};
    struct slice value;
    json_t *object;

    (void)state;
    assert_int_equal(jsonl_next(reader, &object, &error), STATUS_OK);
    assert_int_equal(jsonl_get_text(reader, object, "text", true, &value, &error), STATUS_OK);
    assert_int_equal(value.len_bytes, 4);
    assert_memory_equal(value.bytes, "x\0\xc3\xa9", 4);
    json_decref(object);
    assert_int_equal(jsonl_next(reader, &object, &error), STATUS_OK);
    assert_int_equal(reader_get_line(reader), 4);
    assert_int_equal(jsonl_get_text(reader, object, "text", false, &value, &error), STATUS_OK);
    assert_null(value.bytes);
    assert_int_equal(jsonl_get_text(reader, object, "text", true, &value, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, ":4: \"text\" is missing"));
    json_decref(object);
    error = (struct error){0};
    assert_int_equal(jsonl_next(reader, &object, &error), STATUS_OK);
    assert_null(object);
    reader_free(reader);
    written_release(&file);
}

static void test_jsonl__refuses_with_file_and_line(void **state)
{
    static const char *const cases[][2] = {
        {"{}\n{\"a\": }\n", ":2: is not JSON: "},
        {"\n[1]\n", ":2: is not a JSON object"},
        {"{\"a\": \"\xff\"}", ":1: is not UTF-8 (at byte 8)"},
        {"{} {}", ":1: is not JSON: end of file expected"},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct written file = written_new(cases[c][0], strlen(cases[c][0]));
        struct reader *reader = open_reader(&file);
        struct error error = {0};
        json_t *object;
        enum status status = jsonl_next(reader, &object, &error);

        if (!status && object) {
            json_decref(object);
            status = jsonl_next(reader, &object, &error);
        }
        assert_int_equal(status, STATUS_INVALID);
        assert_memory_equal(strchr(error.text, ':'), cases[c][1], strlen(cases[c][1]));
        reader_free(reader);
        written_release(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader__reads_lines),
        cmocka_unit_test(test_reader__reads_what_gzip_compressed),
        cmocka_unit_test(test_reader__refuses_what_is_cut_off),
        cmocka_unit_test(test_reader__reads_members_one_after_the_other),
        cmocka_unit_test(test_reader__refuses_what_follows_a_member_and_is_none),
        cmocka_unit_test(test_reader__says_what_cannot_be_opened),
        cmocka_unit_test(test_jsonl__reads_objects),
        cmocka_unit_test(test_jsonl__refuses_with_file_and_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
