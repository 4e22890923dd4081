/* SPDX-License-Identifier: Apache-2.0 */
#include "server/records/table.h"

#include "server/records/csv.h"
#include "server/records/jsonl.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NO_COLUMN = CSV_MAX_FIELDS, NUMBER_BYTES = 32 };

struct table {
    struct reader *reader;
    const struct table_column *columns; /* [n_columns] */
    size_t n_columns;
    bool is_json;
    json_t *object; /* the JSON record that fields borrow from */
    char numbers[TABLE_MAX_COLUMNS][NUMBER_BYTES];
    char separator;
    bool has_header;
    bool row_is_waiting; /* the first row turned out to be no header */
    size_t n_row_fields; /* of the first row; all have as many */
    struct csv_row row;
    size_t positions[TABLE_MAX_COLUMNS]; /* where in a row each column is, or NO_COLUMN */
};

static bool ends_with(const char *path, const char *ending)
{
    size_t path_len = strlen(path);
    size_t ending_len = strlen(ending);

    return path_len >= ending_len && strcasecmp(path + path_len - ending_len, ending) == 0;
}

static bool is_called(struct slice field, const struct table_column *column)
{
    while (field.len_bytes > 0 && isspace((unsigned char)field.bytes[0])) {
        field.bytes++;
        field.len_bytes--;
    }
    while (field.len_bytes > 0 && isspace((unsigned char)field.bytes[field.len_bytes - 1]))
        field.len_bytes--;
    for (size_t i = 0; i < TABLE_MAX_NAMES && column->names[i]; i++) {
        if (strlen(column->names[i]) == field.len_bytes &&
            strncasecmp(column->names[i], field.bytes, field.len_bytes) == 0)
            return true;
    }
    return false;
}

static size_t find_column(const struct csv_row *row, const struct table_column *column)
{
    for (size_t i = 0; i < row->n_fields; i++) {
        if (is_called(row->fields[i], column))
            return i;
    }
    return NO_COLUMN;
}

/* Whether the first row names every column that must be there. */
static bool find_header(struct table *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        table->positions[i] = find_column(&table->row, &table->columns[i]);
        if (table->positions[i] == NO_COLUMN && !table->columns[i].is_optional)
            return false;
    }
    return true;
}

static bool parse_number(struct slice field, double *ret_number)
{
    char text[NUMBER_BYTES * 2];
    char *end;

    if (field.len_bytes == 0 || field.len_bytes >= sizeof text ||
        memchr(field.bytes, '\0', field.len_bytes))
        return false;
    memcpy(text, field.bytes, field.len_bytes);
    text[field.len_bytes] = '\0';
    *ret_number = strtod(text, &end);
    while (isspace((unsigned char)*end))
        end++;
    return *end == '\0' && isfinite(*ret_number);
}

/* Whether the first row can be a record: the columns in order, those that must be there alone. */
static bool take_order(struct table *table)
{
    size_t n_taken = 0;

    for (size_t i = 0; i < table->n_columns; i++) {
        double number;

        table->positions[i] = table->columns[i].is_optional ? NO_COLUMN : n_taken++;
        if (table->columns[i].is_number && n_taken <= table->row.n_fields &&
            !parse_number(table->row.fields[n_taken - 1], &number))
            return false;
    }
    return n_taken == table->row.n_fields;
}

static enum status complain_of_columns(const struct table *table, struct error *error)
{
    char names[200] = "";
    size_t len = 0;

    for (size_t i = 0; i < table->n_columns; i++) {
        if (!table->columns[i].is_optional && len < sizeof names)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s\"%s\"",
                                    len > 0 ? ", " : "", table->columns[i].names[0]);
    }
    return reader_complain(table->reader, error,
                           "a header with the columns %s, or just these columns, is wanted", names);
}

static enum status read_header(struct table *table, struct error *error)
{
    enum status status = csv_next(table->reader, table->separator, &table->row, error);

    if (status || table->row.n_fields == 0)
        return status;
    table->n_row_fields = table->row.n_fields;
    table->has_header = find_header(table);
    if (table->has_header)
        return STATUS_OK;
    table->row_is_waiting = true;
    return take_order(table) ? STATUS_OK : complain_of_columns(table, error);
}

enum status table_open(struct table **ret_table, const char *path, size_t max_record_bytes,
                       const struct table_column *columns, size_t n_columns, struct error *error)
{
    struct table *table = calloc(1, sizeof *table);
    enum status status;

    if (!table)
        return error_set(error, STATUS_NO_MEMORY, "%s: not enough memory to read it", path);
    table->columns = columns;
    table->n_columns = n_columns;
    table->is_json = ends_with(path, ".jsonl") || ends_with(path, ".jsonl.gz");
    table->separator = csv_find_separator(path);
    status = reader_open(&table->reader, path, max_record_bytes, error);
    if (!status && !table->is_json)
        status = read_header(table, error);
    if (status)
        table_free(table);
    else
        *ret_table = table;
    return status;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    json_decref(table->object);
    reader_free(table->reader);
    free(table);
}

static const json_t *find_member(const json_t *object, const struct table_column *column)
{
    for (size_t i = 0; i < TABLE_MAX_NAMES && column->names[i]; i++) {
        const json_t *value = json_object_get(object, column->names[i]);

        if (value && !json_is_null(value))
            return value;
    }
    return NULL;
}

/* A text, or a number as text: ids are written as either. */
static enum status read_member(struct table *table, size_t i_column, struct slice *ret_field,
                               struct error *error)
{
    const struct table_column *column = &table->columns[i_column];
    const json_t *value = find_member(table->object, column);
    char *number = table->numbers[i_column];

    if (!value && !column->is_optional)
        return reader_complain(table->reader, error, "\"%s\" is missing", column->names[0]);
    if (!value)
        *ret_field = (struct slice){"", 0};
    else if (json_is_string(value))
        *ret_field = (struct slice){json_string_value(value), json_string_length(value)};
    else if (json_is_integer(value))
        *ret_field =
            (struct slice){number, (size_t)snprintf(number, NUMBER_BYTES, "%" JSON_INTEGER_FORMAT,
                                                    json_integer_value(value))};
    else if (json_is_real(value) && column->is_number)
        *ret_field = (struct slice){
            number, (size_t)snprintf(number, NUMBER_BYTES, "%.17g", json_real_value(value))};
    else
        return reader_complain(table->reader, error, "\"%s\" is not a %s", column->names[0],
                               column->is_number ? "number" : "text");
    return STATUS_OK;
}

static enum status next_object(struct table *table, struct slice *ret_fields, struct error *error)
{
    enum status status;

    json_decref(table->object);
    status = jsonl_next(table->reader, &table->object, error);
    for (size_t i = 0; i < table->n_columns && table->object && !status; i++)
        status = read_member(table, i, &ret_fields[i], error);
    return status;
}

static enum status next_row(struct table *table, struct slice *ret_fields, struct error *error)
{
    enum status status = STATUS_OK;

    if (!table->row_is_waiting)
        status = csv_next(table->reader, table->separator, &table->row, error);
    table->row_is_waiting = false;
    if (status || table->row.n_fields == 0)
        return status;
    if (table->row.n_fields != table->n_row_fields)
        return reader_complain(table->reader, error, "has %zu fields, the first row has %zu",
                               table->row.n_fields, table->n_row_fields);
    for (size_t i = 0; i < table->n_columns; i++) {
        size_t at = table->positions[i];

        ret_fields[i] = at == NO_COLUMN ? (struct slice){"", 0} : table->row.fields[at];
    }
    return STATUS_OK;
}

enum status table_next(struct table *table, struct slice *ret_fields, struct error *error)
{
    ret_fields[0] = (struct slice){0};
    return table->is_json ? next_object(table, ret_fields, error)
                          : next_row(table, ret_fields, error);
}

enum status table_read_number(const struct table *table, struct slice field, double *ret_number,
                              struct error *error)
{
    if (parse_number(field, ret_number))
        return STATUS_OK;
    return reader_complain(table->reader, error, "\"%.*s\" is not a number",
                           (int)(field.len_bytes < 60 ? field.len_bytes : 60), field.bytes);
}

const struct reader *table_get_reader(const struct table *table)
{
    return table->reader;
}

bool table_has_header(const struct table *table)
{
    return table->has_header;
}
