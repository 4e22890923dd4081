/* SPDX-License-Identifier: Apache-2.0 */

/* All rows of a file, one after the other. For dataset_*.c. */
#ifndef NESTD_SERVER_EVALUATE_ROWS_H
#define NESTD_SERVER_EVALUATE_ROWS_H

#include "server/records/table.h"

/* Gives each row's fields[n_columns] to `take`, until one is refused. STATUS_NO_MEMORY of it, and
 * STATUS_INVALID without words (too many), get an error with the file here. */
MUST_CHECK enum status
rows_read(const char *path, const struct table_column *columns, size_t n_columns,
          enum status (*take)(void *user, const struct table *table, const struct slice *fields,
                              struct error *error),
          void *user, struct error *error);

#endif
