/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of fields: comma-separated values by RFC 4180, whose quoted fields may hold commas, quotes
 * (twice) and line ends, and tab-separated ones, which have no quotes. One owner, one thread. */
#ifndef NESTD_SERVER_RECORDS_CSV_H
#define NESTD_SERVER_RECORDS_CSV_H

#include "server/records/reader.h"

enum { CSV_MAX_FIELDS = 64 };

struct csv_row {
    struct slice fields[CSV_MAX_FIELDS]; /* [n_fields], valid until the next row is read */
    size_t n_fields;
};

/* The next row; n_fields is 0 after the last. Empty lines are passed over. separator: ',' or '\t'. */
MUST_CHECK enum status csv_next(struct reader *reader, char separator, struct csv_row *ret_row,
                                struct error *error);

/* '\t' for a name that ends in .tsv or .tsv.gz, else ','. */
char csv_find_separator(const char *path);

#endif
