/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bulk/source.h"

#include "server/records/csv.h"
#include "server/records/jsonl.h"
#include "server/records/reader.h"
#include "server/text/buffer.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAX_RECORD_BYTES = 32 << 20, MAX_TEXT_FIELDS = 16 };

static const char *const format_names[] = {"txt", "jsonl", "csv", "tsv"};

struct source {
    struct source_setup setup;
    struct reader *reader;
    size_t n_read;    /* records of the file */
    size_t n_counted; /* of those, this shard's */
    uint32_t digest;
    struct buffer text; /* of several fields */
    struct buffer id;
    bool looks_for_id;                    /* the first record says whether there are ids */
    json_t *object;                       /* of JSONL: the record */
    size_t text_columns[MAX_TEXT_FIELDS]; /* of CSV */
    size_t id_column;
    size_t n_columns;
};

/* ---- formats ---- */

const char *source_format_name(enum source_format format)
{
    return format_names[format];
}

static bool has_ending(const char *path, size_t len, const char *ending)
{
    const size_t n = strlen(ending);

    return len > n && path[len - n - 1] == '.' && strncasecmp(path + len - n, ending, n) == 0;
}

enum source_format source_find_format(const char *name, const char *path)
{
    size_t len = strlen(path);

    for (enum source_format format = SOURCE_LINES; format <= SOURCE_TSV; format++)
        if (strcmp(name, format_names[format]) == 0)
            return format;
    if (has_ending(path, len, "gz"))
        len -= strlen(".gz");
    for (enum source_format format = SOURCE_JSONL; format <= SOURCE_TSV; format++)
        if (has_ending(path, len, format_names[format]))
            return format;
    return has_ending(path, len, "ndjson") ? SOURCE_JSONL : SOURCE_LINES;
}

/* ---- ids and texts ---- */

static void set_line_as_id(struct source *source)
{
    buffer_appendf(&source->id, "%zu", reader_get_line(source->reader));
}

/* Adds a field to the text, after a blank where it is not the first. */
static void add_text(struct source *source, size_t i_field, struct slice text)
{
    if (i_field > 0)
        buffer_append(&source->text, " ", 1);
    buffer_append(&source->text, text.bytes, text.len_bytes);
}

static enum status read_lines(struct source *source, struct slice *ret_text, struct error *error)
{
    enum status status = reader_next_line(source->reader, ret_text, error);

    if (!status)
        set_line_as_id(source);
    return status;
}

/* ---- JSON Lines ---- */

static void find_id_of_jsonl(struct source *source)
{
    static const char *const names[] = {"id", "_id"};

    for (size_t i = 0; i < 2 && !source->setup.id_field; i++)
        if (json_object_get(source->object, names[i]))
            source->setup.id_field = names[i];
    source->looks_for_id = false;
}

static enum status set_id_of_jsonl(struct source *source, struct error *error)
{
    const char *field = source->setup.id_field;
    const json_t *id = field ? json_object_get(source->object, field) : NULL;

    if (!field)
        set_line_as_id(source);
    else if (json_is_string(id))
        buffer_append_json_string(&source->id, json_string_value(id), json_string_length(id));
    else if (json_is_integer(id))
        buffer_appendf(&source->id, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    else
        return reader_complain(source->reader, error, "\"%s\" is %s", field,
                               id ? "neither a text nor a whole number" : "missing");
    return STATUS_OK;
}

static enum status read_jsonl(struct source *source, struct slice *ret_text, struct error *error)
{
    const struct option_list *fields = &source->setup.text_fields;
    struct slice text = {0};
    enum status status;

    json_decref(source->object);
    source->object = NULL;
    status = jsonl_next(source->reader, &source->object, error);
    if (status || !source->object)
        return status;
    if (source->looks_for_id)
        find_id_of_jsonl(source);
    status = set_id_of_jsonl(source, error);
    for (size_t i = 0; i < fields->n_values && !status; i++) {
        status =
            jsonl_get_text(source->reader, source->object, fields->values[i], true, &text, error);
        if (!status && fields->n_values > 1)
            add_text(source, i, text);
    }
    if (!status)
        *ret_text = fields->n_values > 1
                        ? (struct slice){source->text.bytes, source->text.len_bytes}
                        : text;
    return status;
}

/* ---- CSV ---- */

static char get_separator(const struct source *source)
{
    return source->setup.format == SOURCE_CSV ? ',' : '\t';
}

static bool find_column(const struct csv_row *row, const char *name, size_t *ret_column)
{
    for (size_t i = 0; i < row->n_fields; i++) {
        if (slice_is(row->fields[i], name)) {
            *ret_column = i;
            return true;
        }
    }
    return false;
}

static enum status read_names(struct source *source, struct error *error)
{
    const struct option_list *fields = &source->setup.text_fields;
    struct csv_row row;
    enum status status = csv_next(source->reader, get_separator(source), &row, error);

    if (status)
        return status;
    source->n_columns = row.n_fields;
    for (size_t i = 0; i < fields->n_values; i++)
        if (!find_column(&row, fields->values[i], &source->text_columns[i]))
            return reader_complain(source->reader, error,
                                   "the first row has no field \"%s\" (--text-field)",
                                   fields->values[i]);
    if (source->setup.id_field && !find_column(&row, source->setup.id_field, &source->id_column))
        return reader_complain(source->reader, error,
                               "the first row has no field \"%s\" (--id-field)",
                               source->setup.id_field);
    if (!source->setup.id_field && find_column(&row, "id", &source->id_column))
        source->setup.id_field = "id";
    if (!source->setup.id_field && find_column(&row, "_id", &source->id_column))
        source->setup.id_field = "_id";
    return STATUS_OK;
}

static enum status read_csv(struct source *source, struct slice *ret_text, struct error *error)
{
    const size_t n_fields = source->setup.text_fields.n_values;
    struct csv_row row;
    enum status status = csv_next(source->reader, get_separator(source), &row, error);

    if (status || row.n_fields == 0)
        return status;
    if (row.n_fields != source->n_columns)
        return reader_complain(source->reader, error, "has %zu fields, the first row has %zu",
                               row.n_fields, source->n_columns);
    if (source->setup.id_field) {
        const struct slice id = row.fields[source->id_column];

        buffer_append_json_string(&source->id, id.bytes, id.len_bytes);
    } else {
        set_line_as_id(source);
    }
    for (size_t i = 0; i < n_fields; i++)
        add_text(source, i, row.fields[source->text_columns[i]]);
    *ret_text = (struct slice){source->text.bytes, source->text.len_bytes};
    return STATUS_OK;
}

/* ---- records ---- */

enum status source_open(struct source **ret_source, const struct source_setup *setup,
                        struct error *error)
{
    struct source *source;
    enum status status;

    if (setup->text_fields.n_values < 1 || setup->text_fields.n_values > MAX_TEXT_FIELDS)
        return error_set(error, STATUS_INVALID, "--text-field: expected 1 to %d names",
                         MAX_TEXT_FIELDS);
    source = calloc(1, sizeof(*source));
    if (!source)
        return error_set(error, STATUS_NO_MEMORY, "%s: not enough memory to read it", setup->path);
    source->setup = *setup;
    source->looks_for_id = !setup->id_field;
    status = reader_open(&source->reader, setup->path, MAX_RECORD_BYTES, error);
    if (!status && (setup->format == SOURCE_CSV || setup->format == SOURCE_TSV))
        status = read_names(source, error);
    if (status)
        source_free(source);
    else
        *ret_source = source;
    return status;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    reader_free(source->reader);
    json_decref(source->object);
    buffer_release(&source->text);
    buffer_release(&source->id);
    free(source);
}

static enum status read_record(struct source *source, struct record *ret_record,
                               struct error *error)
{
    struct slice text = {0};
    enum status status;

    source->text.len_bytes = 0;
    source->id.len_bytes = 0;
    switch (source->setup.format) {
    case SOURCE_LINES:
        status = read_lines(source, &text, error);
        break;
    case SOURCE_JSONL:
        status = read_jsonl(source, &text, error);
        break;
    default:
        status = read_csv(source, &text, error);
        break;
    }
    *ret_record = (struct record){.line = reader_get_line(source->reader)};
    if (status)
        return status;
    if (buffer_failed(&source->text) || buffer_failed(&source->id))
        return error_set(error, STATUS_NO_MEMORY, "%s:%zu: not enough memory", source->setup.path,
                         ret_record->line);
    if (text.bytes && text.len_bytes == 0)
        return reader_complain(source->reader, error, "the text is empty");
    ret_record->text = text;
    ret_record->id = (struct slice){source->id.bytes, source->id.len_bytes};
    return STATUS_OK;
}

static void add_to_digest(struct source *source, struct slice part)
{
    static const unsigned char end = 0;

    source->digest =
        (uint32_t)crc32_z(source->digest, (const unsigned char *)part.bytes, part.len_bytes);
    source->digest = (uint32_t)crc32_z(source->digest, &end, 1);
}

enum status source_next(struct source *source, struct record *ret_record, struct error *error)
{
    for (;;) {
        struct error why = {0};
        enum status status = read_record(source, ret_record, &why);

        if (status == STATUS_INVALID && reader_skip_line(source->reader, error))
            return STATUS_IO;
        if (status && status != STATUS_INVALID)
            return error_set(error, status, "%s", why.text);
        if (!status && !ret_record->text.bytes)
            return STATUS_OK;
        if (source->n_read++ % source->setup.n_shards != source->setup.i_shard)
            continue;
        source->n_counted++;
        if (status) {
            add_to_digest(source, (struct slice){"bad", 3});
            return error_set(error, status, "%s", why.text);
        }
        add_to_digest(source, ret_record->id);
        add_to_digest(source, ret_record->text);
        return STATUS_OK;
    }
}

size_t source_count(const struct source *source)
{
    return source->n_counted;
}

uint32_t source_get_digest(const struct source *source)
{
    return source->digest;
}

double source_get_share(const struct source *source)
{
    return reader_get_share(source->reader);
}
