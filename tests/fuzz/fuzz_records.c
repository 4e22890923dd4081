/* SPDX-License-Identifier: Apache-2.0 */

/* Files of lines, JSON Lines and CSV, plain or compressed: whatever they hold, a reader ends, hands
 * out UTF-8 of bounded size, and a complaint names the file. */
#include "server/records/csv.h"
#include "server/records/jsonl.h"
#include "server/text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_RECORD_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void check_text(struct slice text)
{
    if (text.len_bytes > MAX_RECORD_BYTES)
        abort();
    for (size_t at = 0; at < text.len_bytes;) {
        size_t size = utf8_character_size(text.bytes + at, text.len_bytes - at);

        if (size == 0)
            abort();
        at += size;
    }
}

/* Each reads a record; false after the last. */
static bool read_line(struct reader *reader, enum status *status, struct error *error)
{
    struct slice line;

    *status = reader_next_line(reader, &line, error);
    if (!*status && line.bytes)
        check_text(line);
    return !*status && line.bytes;
}

static bool read_object(struct reader *reader, enum status *status, struct error *error)
{
    json_t *object;
    struct slice text;
    bool more;

    *status = jsonl_next(reader, &object, error);
    more = !*status && object;
    if (more)
        *status = jsonl_get_text(reader, object, "text", false, &text, error);
    if (more && !*status)
        check_text(text);
    json_decref(object);
    return more && !*status;
}

static bool read_row(struct reader *reader, char separator, enum status *status,
                     struct error *error)
{
    struct csv_row row;

    *status = csv_next(reader, separator, &row, error);
    if (*status)
        return false;
    for (size_t i = 0; i < row.n_fields; i++)
        check_text(row.fields[i]);
    return row.n_fields > 0;
}

static bool read_one(unsigned format, struct reader *reader, enum status *status,
                     struct error *error)
{
    switch (format) {
    case 0:
        return read_line(reader, status, error);
    case 1:
        return read_object(reader, status, error);
    default:
        return read_row(reader, format == 2 ? ',' : '\t', status, error);
    }
}

static void read_all(const char *path, unsigned format)
{
    struct reader *reader = NULL;
    struct error error = {0};
    size_t line = 0;
    enum status status = reader_open(&reader, path, MAX_RECORD_BYTES, &error);

    while (!status && read_one(format, reader, &status, &error)) {
        if (reader_get_line(reader) <= line)
            abort();
        line = reader_get_line(reader);
    }
    if ((status != STATUS_OK) != (strncmp(error.text, path, strlen(path)) == 0))
        abort();
    reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    char path[40];
    int descriptor = memfd_create("records", MFD_CLOEXEC);

    if (descriptor < 0 || write(descriptor, bytes, len_bytes) != (ssize_t)len_bytes)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    for (unsigned format = 0; format < 4; format++)
        read_all(path, format);
    close(descriptor);
    return 0;
}
