/* SPDX-License-Identifier: Apache-2.0 */
#include "server/records/jsonl.h"

static bool is_blank(struct slice line)
{
    for (size_t i = 0; i < line.len_bytes; i++) {
        if (line.bytes[i] != ' ' && line.bytes[i] != '\t')
            return false;
    }
    return true;
}

enum status jsonl_next(struct reader *reader, json_t **ret_object, struct error *error)
{
    struct slice line;
    json_error_t problem;
    json_t *object;

    *ret_object = NULL;
    do {
        enum status status = reader_next_line(reader, &line, error);

        if (status || !line.bytes)
            return status;
    } while (is_blank(line));
    object = json_read(line.bytes, line.len_bytes, JSON_ALLOW_NUL, &problem);
    if (!object && !problem.text[0])
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to read a line of JSON");
    if (!object)
        return reader_complain(reader, error, "is not JSON: %s (column %d)", problem.text,
                               problem.column);
    if (!json_is_object(object)) {
        json_decref(object);
        return reader_complain(reader, error, "is not a JSON object");
    }
    *ret_object = object;
    return STATUS_OK;
}

enum status jsonl_get_text(const struct reader *reader, const json_t *object, const char *key,
                           bool required, struct slice *ret_text, struct error *error)
{
    const json_t *value = json_object_get(object, key);

    *ret_text = (struct slice){0};
    if ((!value || json_is_null(value)) && required)
        return reader_complain(reader, error, "\"%s\" is missing", key);
    if (!value || json_is_null(value))
        return STATUS_OK;
    if (!json_is_string(value))
        return reader_complain(reader, error, "\"%s\" is not a text", key);
    *ret_text = (struct slice){json_string_value(value), json_string_length(value)};
    return STATUS_OK;
}
