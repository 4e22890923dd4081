/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/data/rows.h"

#include "server/evaluate/data/dataset.h"

enum status rows_read(const char *path, const struct table_column *columns, size_t n_columns,
                      enum status (*take)(void *user, const struct table *table,
                                          const struct slice *fields, struct error *error),
                      void *user, struct error *error)
{
    struct slice fields[TABLE_MAX_COLUMNS];
    struct table *table = NULL;
    enum status status =
        table_open(&table, path, DATASET_MAX_RECORD_BYTES, columns, n_columns, error);

    while (!status) {
        status = table_next(table, fields, error);
        if (status || !fields[0].bytes)
            break;
        status = take(user, table, fields, error);
        if (status == STATUS_NO_MEMORY)
            (void)error_set(error, status, "%s: not enough memory for all of it", path);
        else if (status)
            (void)reader_complain(table_get_reader(table), error,
                                  "is one more than the rows that are allowed");
    }
    table_free(table);
    return status;
}
