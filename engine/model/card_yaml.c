/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/card_yaml.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

/* A list or an object that has begun and not ended. */
struct level {
    json_t *container;
    json_t *key;  /* of an object: whose value comes next; not a string: that value is dropped */
    bool has_key; /* whether that is so, or a key comes next */
};

struct reader {
    yaml_parser_t parser;
    struct level levels[CARD_YAML_MAX_DEPTH];
    size_t depth;
    size_t n_values;
    json_t *root; /* NULL until it is whole */
    const char *text;
    size_t len_bytes;
    const char *name;
    size_t first_line;
};

/* `line` is counted from 0. */
static enum status complain(const struct reader *reader, size_t line, const char *what,
                            struct error *error)
{
    return error_set(error, STATUS_INVALID, "%s: line %zu: %s", reader->name,
                     reader->first_line + line, what);
}

/* Of bytes that are no characters libyaml tells the offset only. */
static size_t find_line(const struct reader *reader, size_t offset)
{
    size_t n = 0;

    for (size_t i = 0; i < offset && i < reader->len_bytes; i++)
        n += reader->text[i] == '\n';
    return n;
}

static enum status tell_fault(const struct reader *reader, struct error *error)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "is not valid YAML";

    if (parser->error == YAML_MEMORY_ERROR)
        return STATUS_NO_MEMORY;
    if (parser->error == YAML_READER_ERROR)
        return complain(reader, find_line(reader, parser->problem_offset), problem, error);
    return complain(reader, parser->problem_mark.line, problem, error);
}

/* Puts a value where it belongs, and takes it, even on failure. */
static enum status put(struct reader *reader, json_t *value)
{
    struct level *top = reader->depth > 0 ? &reader->levels[reader->depth - 1] : NULL;
    json_t *key;
    int failed = 0;

    if (!value)
        return STATUS_NO_MEMORY;
    if (!top) {
        reader->root = value;
        return STATUS_OK;
    }
    if (json_is_array(top->container))
        return json_array_append_new(top->container, value) ? STATUS_NO_MEMORY : STATUS_OK;
    top->has_key = !top->has_key;
    if (top->has_key) {
        top->key = value;
        return STATUS_OK;
    }
    key = top->key;
    top->key = NULL;
    if (json_is_string(key))
        failed = json_object_set_new(top->container, json_string_value(key), value);
    else
        json_decref(value);
    json_decref(key);
    return failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status open_level(struct reader *reader, json_t *container, const yaml_event_t *event,
                              struct error *error)
{
    if (!container)
        return STATUS_NO_MEMORY;
    if (reader->depth == CARD_YAML_MAX_DEPTH) {
        json_decref(container);
        return complain(reader, event->start_mark.line, "is nested too deeply", error);
    }
    reader->levels[reader->depth++] = (struct level){.container = container};
    return STATUS_OK;
}

static enum status close_level(struct reader *reader)
{
    json_t *container = reader->levels[--reader->depth].container;

    return put(reader, container);
}

static bool means_null(const char *text)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

/* What holds a NUL is no text for anyone who reads it. */
static json_t *new_scalar(const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len_bytes = event->data.scalar.length;
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (memchr(text, 0, len_bytes) || (is_plain && means_null(text)))
        return json_null();
    return json_stringn(text, len_bytes);
}

static enum status take(struct reader *reader, const yaml_event_t *event, struct error *error)
{
    bool is_value = event->type == YAML_ALIAS_EVENT || event->type == YAML_SCALAR_EVENT ||
                    event->type == YAML_SEQUENCE_START_EVENT ||
                    event->type == YAML_MAPPING_START_EVENT;

    if (is_value && ++reader->n_values > CARD_YAML_MAX_VALUES)
        return complain(reader, event->start_mark.line, "has too many values", error);
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return put(reader, json_null());
    case YAML_SCALAR_EVENT:
        return put(reader, new_scalar(event));
    case YAML_SEQUENCE_START_EVENT:
        return open_level(reader, json_array(), event, error);
    case YAML_MAPPING_START_EVENT:
        return open_level(reader, json_object(), event, error);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_level(reader);
    default:
        return STATUS_OK;
    }
}

/* Up to the end of the first document, or of the stream. */
static enum status read_document(struct reader *reader, struct error *error)
{
    enum status status = STATUS_OK;
    bool ended = false;

    while (!status && !ended) {
        yaml_event_t event;

        if (!yaml_parser_parse(&reader->parser, &event))
            return tell_fault(reader, error);
        ended = event.type == YAML_DOCUMENT_END_EVENT || event.type == YAML_STREAM_END_EVENT;
        status = take(reader, &event, error);
        yaml_event_delete(&event);
    }
    if (!status && !reader->root)
        reader->root = json_null();
    return status;
}

static void release(struct reader *reader)
{
    while (reader->depth > 0) {
        struct level *level = &reader->levels[--reader->depth];

        json_decref(level->container);
        json_decref(level->key);
    }
    json_decref(reader->root);
    yaml_parser_delete(&reader->parser);
}

enum status card_yaml_read(json_t **ret_root, const char *text, size_t len_bytes, const char *name,
                           size_t first_line, struct error *error)
{
    struct reader reader = {
        .text = text, .len_bytes = len_bytes, .name = name, .first_line = first_line};
    enum status status;

    if (len_bytes > CARD_YAML_MAX_BYTES)
        return error_set(error, STATUS_INVALID, "%s: has %zu bytes of YAML (max: %d)", name,
                         len_bytes, CARD_YAML_MAX_BYTES);
    if (!yaml_parser_initialize(&reader.parser))
        return STATUS_NO_MEMORY;
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len_bytes);
    status = read_document(&reader, error);
    if (!status) {
        *ret_root = reader.root;
        reader.root = NULL;
    }
    release(&reader);
    return status;
}
