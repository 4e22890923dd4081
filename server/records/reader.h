/* SPDX-License-Identifier: Apache-2.0 */

/* Files of many records (texts, questions, relevance) read one at a time, plain or compressed by
 * gzip, however long the file is. Untrusted: a record's size is bounded, it must be UTF-8, and every
 * complaint names the file and the line. One owner, one thread. */
#ifndef NESTD_SERVER_RECORDS_READER_H
#define NESTD_SERVER_RECORDS_READER_H

#include "engine/engine.h"
#include "server/text/slice.h"

#include <stddef.h>

struct reader;

/* "-" is stdin. What is compressed is told by its first bytes, not by its name. `path` must outlive
 * the reader. STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status reader_open(struct reader **ret_reader, const char *path,
                                   size_t max_record_bytes, struct error *error);
void reader_free(struct reader *reader); /* NULL is allowed */

/* The line of the file on which the record read last begins, from 1. */
size_t reader_get_line(const struct reader *reader);

/* How much of the file has been read, from 0 to 1; negative where its size is not known. */
double reader_get_share(const struct reader *reader);

/* After STATUS_INVALID: passes over what is left of the line, so that the next record begins on a
 * new one. STATUS_IO. */
MUST_CHECK enum status reader_skip_line(struct reader *reader, struct error *error);

/* The next line without its end, \n or \r\n; the last may have none. bytes is NULL after the last.
 * Valid until the next call. A byte order mark before the first is left out. */
MUST_CHECK enum status reader_next_line(struct reader *reader, struct slice *ret_line,
                                        struct error *error);

/* "file:line: ...", of the record read last. Returns STATUS_INVALID. */
enum status reader_complain(const struct reader *reader, struct error *error, const char *format,
                            ...) __attribute__((format(printf, 3, 4)));

#endif
