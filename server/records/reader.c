/* SPDX-License-Identifier: Apache-2.0 */
#include "server/records/reader_private.h"

#include "server/text/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

static int open_descriptor(const char *path, struct error *error)
{
    int descriptor = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;

    if (descriptor < 0) {
        (void)error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(descriptor, &about) == 0 && S_ISDIR(about.st_mode)) {
        (void)error_set(error, STATUS_IO, "%s: is a folder, not a file", path);
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static enum status skip_byte_order_mark(struct reader *reader, struct error *error)
{
    int byte = reader_fill(reader, error);

    if (byte == READER_FAILED)
        return STATUS_IO;
    reader->at = 0;
    if (reader->n_bytes >= 3 && memcmp(reader->chunk, byte_order_mark, 3) == 0)
        reader->at = 3;
    return STATUS_OK;
}

enum status reader_open(struct reader **ret_reader, const char *path, size_t max_record_bytes,
                        struct error *error)
{
    struct reader *reader;
    enum status status;
    int descriptor = open_descriptor(path, error);
    struct stat about;

    if (descriptor < 0)
        return STATUS_IO;
    reader = calloc(1, sizeof *reader);
    if (!reader) {
        close(descriptor);
        return error_set(error, STATUS_NO_MEMORY, "%s: not enough memory to read it", path);
    }
    unpacked_init(&reader->file, descriptor);
    reader->path = path;
    if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode))
        reader->file_bytes = (double)about.st_size;
    reader->max_record_bytes = max_record_bytes;
    reader->line = 1;
    reader->record_line = 1;
    status = skip_byte_order_mark(reader, error);
    if (status)
        reader_free(reader);
    else
        *ret_reader = reader;
    return status;
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    unpacked_release(&reader->file);
    buffer_release(&reader->record);
    free(reader);
}

size_t reader_get_line(const struct reader *reader)
{
    return reader->record_line;
}

void reader_begin(struct reader *reader)
{
    reader->record.len_bytes = 0;
    reader->record_line = reader->line;
}

double reader_get_share(const struct reader *reader)
{
    if (reader->file_bytes <= 0)
        return -1;
    return (double)unpacked_get_offset(&reader->file) / reader->file_bytes;
}

enum status reader_skip_line(struct reader *reader, struct error *error)
{
    int byte = 0;

    while (reader->in_line && byte >= 0)
        byte = reader_get_byte(reader, error);
    return byte == READER_FAILED ? STATUS_IO : STATUS_OK;
}

int reader_fill(struct reader *reader, struct error *error)
{
    const char *problem = "";
    ssize_t n = unpacked_read(&reader->file, reader->chunk, sizeof reader->chunk, &problem);

    reader->at = 0;
    reader->n_bytes = n > 0 ? (size_t)n : 0;
    if (n > 0)
        return reader->chunk[reader->at++];
    if (n == 0)
        return READER_END;
    (void)error_set(error, STATUS_IO, "%s:%zu: cannot be read: %s", reader->path, reader->line,
                    problem);
    return READER_FAILED;
}

enum status reader_append(struct reader *reader, int byte, struct error *error)
{
    char character = (char)byte;

    if (reader->record.len_bytes >= reader->max_record_bytes)
        return reader_complain(reader, error, "is longer than the %zu bytes that are allowed",
                               reader->max_record_bytes);
    buffer_append(&reader->record, &character, 1);
    if (buffer_failed(&reader->record))
        return error_set(error, STATUS_NO_MEMORY, "%s:%zu: not enough memory", reader->path,
                         reader->record_line);
    return STATUS_OK;
}

enum status reader_check(const struct reader *reader, struct slice part, struct error *error)
{
    size_t n_valid = utf8_measure_valid(part.bytes, part.len_bytes);

    if (n_valid == part.len_bytes)
        return STATUS_OK;
    return reader_complain(reader, error, "is not UTF-8 (at byte %zu)",
                           (size_t)(part.bytes - reader->record.bytes) + n_valid + 1);
}

enum status reader_next_line(struct reader *reader, struct slice *ret_line, struct error *error)
{
    enum status status = STATUS_OK;
    struct buffer *record = &reader->record;
    struct slice line;
    int byte;

    reader_begin(reader);
    *ret_line = (struct slice){0};
    byte = reader_get_byte(reader, error);
    if (byte == READER_END)
        return STATUS_OK;
    for (; byte >= 0 && byte != '\n' && !status; byte = reader_get_byte(reader, error))
        status = reader_append(reader, byte, error);
    if (byte == READER_FAILED && !status)
        status = STATUS_IO;
    if (!status && record->len_bytes > 0 && record->bytes[record->len_bytes - 1] == '\r')
        record->len_bytes--;
    line = (struct slice){record->bytes ? record->bytes : "", record->len_bytes};
    if (!status)
        status = reader_check(reader, line, error);
    if (!status)
        *ret_line = line;
    return status;
}

enum status reader_complain(const struct reader *reader, struct error *error, const char *format,
                            ...)
{
    char words[400];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return error_set(error, STATUS_INVALID, "%s:%zu: %s", reader->path, reader->record_line, words);
}
