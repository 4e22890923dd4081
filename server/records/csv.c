/* SPDX-License-Identifier: Apache-2.0 */
#include "server/records/csv.h"

#include "server/records/reader_private.h"

#include <string.h>

/* A row as it is read: all its fields end to end in the reader's record. */
struct parsing {
    struct reader *reader;
    struct error *error;
    char separator;
    size_t ends[CSV_MAX_FIELDS]; /* [n_fields] */
    size_t n_fields;
};

static enum status end_field(struct parsing *parsing)
{
    if (parsing->n_fields == CSV_MAX_FIELDS)
        return reader_complain(parsing->reader, parsing->error, "has more than %d fields",
                               CSV_MAX_FIELDS);
    parsing->ends[parsing->n_fields++] = parsing->reader->record.len_bytes;
    return STATUS_OK;
}

/* What stands between quotes, and the byte behind the last of them. */
static enum status read_quoted(struct parsing *parsing, int *ret_next)
{
    struct reader *reader = parsing->reader;

    for (;;) {
        int byte = reader_get_byte(reader, parsing->error);
        enum status status;

        if (byte == READER_FAILED)
            return STATUS_IO;
        if (byte == READER_END)
            return reader_complain(reader, parsing->error, "a quoted field of this row has no end");
        if (byte == '"') {
            byte = reader_get_byte(reader, parsing->error);
            if (byte != '"') {
                *ret_next = byte;
                return byte == READER_FAILED ? STATUS_IO : STATUS_OK;
            }
        }
        status = reader_append(reader, byte, parsing->error);
        if (status)
            return status;
    }
}

static bool ends_field(const struct parsing *parsing, int byte)
{
    return byte < 0 || byte == '\n' || byte == parsing->separator;
}

/* From its first byte on; *byte is then the one behind it. */
static enum status read_plain(struct parsing *parsing, int *byte)
{
    struct reader *reader = parsing->reader;

    while (!ends_field(parsing, *byte)) {
        enum status status;

        if (*byte == '"' && parsing->separator == ',')
            return reader_complain(reader, parsing->error,
                                   "field %zu has a quote but does not begin with one",
                                   parsing->n_fields + 1);
        status = reader_append(reader, *byte, parsing->error);
        if (status)
            return status;
        *byte = reader_get_byte(reader, parsing->error);
    }
    return *byte == READER_FAILED ? STATUS_IO : STATUS_OK;
}

/* The \r of a line's end is no part of its last field. */
static void drop_return(struct parsing *parsing)
{
    struct buffer *record = &parsing->reader->record;
    size_t start = parsing->n_fields > 0 ? parsing->ends[parsing->n_fields - 1] : 0;

    if (record->len_bytes > start && record->bytes[record->len_bytes - 1] == '\r')
        record->len_bytes--;
}

static enum status read_field(struct parsing *parsing, int *byte)
{
    enum status status;

    if (*byte == '"' && parsing->separator == ',') {
        status = read_quoted(parsing, byte);
        if (!status && *byte == '\r')
            *byte = reader_get_byte(parsing->reader, parsing->error);
        if (!status && !ends_field(parsing, *byte))
            status =
                reader_complain(parsing->reader, parsing->error,
                                "field %zu goes on after its closing quote", parsing->n_fields + 1);
    } else {
        status = read_plain(parsing, byte);
        if (!status && *byte != parsing->separator)
            drop_return(parsing);
    }
    return status ? status : end_field(parsing);
}

/* A row, or an empty line, which has one empty field; nothing at the file's end. */
static enum status read_row(struct parsing *parsing)
{
    int byte = reader_get_byte(parsing->reader, parsing->error);
    enum status status = byte == READER_FAILED ? STATUS_IO : STATUS_OK;

    if (byte < 0)
        return status;
    for (;;) {
        status = read_field(parsing, &byte);
        if (status || byte != parsing->separator)
            return status;
        byte = reader_get_byte(parsing->reader, parsing->error);
    }
}

enum status csv_next(struct reader *reader, char separator, struct csv_row *ret_row,
                     struct error *error)
{
    struct parsing parsing = {.reader = reader, .error = error, .separator = separator};
    size_t start = 0;
    enum status status;

    ret_row->n_fields = 0;
    do {
        parsing.n_fields = 0;
        reader_begin(reader);
        status = read_row(&parsing);
        if (status)
            return status;
    } while (parsing.n_fields == 1 && parsing.ends[0] == 0);
    for (size_t i = 0; i < parsing.n_fields; i++) {
        ret_row->fields[i] = (struct slice){
            reader->record.bytes ? reader->record.bytes + start : "", parsing.ends[i] - start};
        status = reader_check(reader, ret_row->fields[i], error);
        if (status)
            return status;
        start = parsing.ends[i];
    }
    ret_row->n_fields = parsing.n_fields;
    return STATUS_OK;
}

static bool ends_with(const char *path, const char *ending)
{
    size_t path_len = strlen(path);
    size_t ending_len = strlen(ending);

    return path_len >= ending_len && strcmp(path + path_len - ending_len, ending) == 0;
}

char csv_find_separator(const char *path)
{
    return ends_with(path, ".tsv") || ends_with(path, ".tsv.gz") ? '\t' : ',';
}
