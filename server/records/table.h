/* SPDX-License-Identifier: Apache-2.0 */

/* Records with named fields, from JSON Lines (.jsonl, .jsonl.gz), tab-separated values (.tsv,
 * .tsv.gz) or comma-separated ones (any other name). One owner, one thread.
 *
 * A CSV or TSV file has a header if its first row names the columns that are asked for; they may
 * then stand anywhere, beside others. A file without a header has just those columns, in order, and
 * what is asked for as a number must be one in its first row. */
#ifndef NESTD_SERVER_RECORDS_TABLE_H
#define NESTD_SERVER_RECORDS_TABLE_H

#include "server/records/reader.h"

#include <stdbool.h>

enum { TABLE_MAX_COLUMNS = 4, TABLE_MAX_NAMES = 8 };

struct table_column {
    const char *names[TABLE_MAX_NAMES]; /* NULL-terminated; the first one is for complaints */
    bool is_number;
    bool is_optional; /* absent, or null: an empty text. Only a header or JSON can have it */
};

struct table;

/* columns[n_columns] and `path` must outlive the table; the errors are reader_open's, and
 * STATUS_INVALID where a column is missing. */
MUST_CHECK enum status table_open(struct table **ret_table, const char *path,
                                  size_t max_record_bytes, const struct table_column *columns,
                                  size_t n_columns, struct error *error);
void table_free(struct table *table); /* NULL is allowed */

/* The next record: ret_fields[n_columns], valid until the next call. ret_fields[0].bytes is NULL
 * after the last. */
MUST_CHECK enum status table_next(struct table *table, struct slice *ret_fields,
                                  struct error *error);

/* A field that is a number, finite. */
MUST_CHECK enum status table_read_number(const struct table *table, struct slice field,
                                         double *ret_number, struct error *error);

/* For complaints about the record read last, and where it begins. */
const struct reader *table_get_reader(const struct table *table);

/* Whether a header was found: false for JSON Lines. */
bool table_has_header(const struct table *table);

#endif
