/* SPDX-License-Identifier: Apache-2.0 */

/* What the formats read a record with, a byte at a time. Private to server/records/. */
#ifndef NESTD_SERVER_RECORDS_READER_PRIVATE_H
#define NESTD_SERVER_RECORDS_READER_PRIVATE_H

#include "server/records/reader.h"
#include "server/records/unpacked.h"
#include "server/text/buffer.h"

#include <stdbool.h>

enum { READER_CHUNK_BYTES = 64 << 10 };

struct reader {
    const char *path;
    struct unpacked file;
    size_t max_record_bytes;
    double file_bytes;  /* as it is stored; 0: not known */
    bool in_line;       /* a byte of a line was read, and its end was not */
    size_t line;        /* on which the next byte stands, from 1 */
    size_t record_line; /* on which the record begins */
    struct buffer record;
    size_t at; /* in chunk[n_bytes] */
    size_t n_bytes;
    unsigned char chunk[READER_CHUNK_BYTES];
};

enum { READER_END = -1, READER_FAILED = -2 };

/* Forgets the last record; the next begins here. */
void reader_begin(struct reader *reader);

/* Fills the chunk again: READER_END, READER_FAILED or the byte after. For reader_get_byte. */
int reader_fill(struct reader *reader, struct error *error);

/* The next byte of the file, READER_END after the last, or READER_FAILED. */
static inline int reader_get_byte(struct reader *reader, struct error *error)
{
    int byte =
        reader->at < reader->n_bytes ? reader->chunk[reader->at++] : reader_fill(reader, error);

    reader->line += byte == '\n';
    reader->in_line = byte >= 0 && byte != '\n';
    return byte;
}

/* Adds a byte to the record; STATUS_INVALID where it becomes too long. */
MUST_CHECK enum status reader_append(struct reader *reader, int byte, struct error *error);

/* STATUS_INVALID unless that part of the record, a line or a field, is UTF-8. */
MUST_CHECK enum status reader_check(const struct reader *reader, struct slice part,
                                    struct error *error);

#endif
