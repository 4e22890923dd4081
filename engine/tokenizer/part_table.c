/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/part_table.h"

#include "engine/tokenizer/unicode.h"

#include <stdio.h>
#include <string.h>

/* Sequences within sequences. */
enum { MAX_DEPTH = 4 };

static enum status read_part(const struct part_table *table, void *into,
                             const struct document *part, int depth, struct error *error);

static enum status read_sequence(const struct part_table *table, void *into,
                                 const struct document *part, int depth, struct error *error)
{
    const json_t *list = json_object_get(part->root, table->sequence_key);
    enum status status = STATUS_OK;

    if (!json_is_array(list) || depth == MAX_DEPTH)
        return error_set(error, STATUS_INVALID, "%s: \"%s\" must be an array, at most %d deep",
                         part->name, table->sequence_key, MAX_DEPTH);
    for (size_t i = 0; i < json_array_size(list) && !status; i++) {
        struct document member = {.root = json_array_get(list, i)};

        snprintf(member.name, sizeof member.name, "%.90s: [%zu]", part->name, i);
        if (!json_is_object(member.root))
            return error_set(error, STATUS_INVALID, "%s must be an object", member.name);
        status = read_part(table, into, &member, depth + 1, error);
    }
    return status;
}

static enum status read_part(const struct part_table *table, void *into,
                             const struct document *part, int depth, struct error *error)
{
    const char *type = NULL;
    enum status status = document_get_string(part, "type", &type, error);

    if (status)
        return status;
    if (!type)
        return error_set(error, STATUS_INVALID, "%s: \"type\" is missing", part->name);
    if (table->sequence_key && strcmp(type, "Sequence") == 0)
        return read_sequence(table, into, part, depth, error);
    for (size_t i = 0; i < table->n_rows; i++) {
        if (strcmp(type, table->rows[i].type) == 0)
            return table->rows[i].read(into, part, error);
    }
    return error_set(error, STATUS_UNSUPPORTED, "%s: \"type\" is \"%.60s\", which is not supported",
                     part->name, type);
}

enum status part_table_read(const struct part_table *table, void *into, const struct document *part,
                            struct error *error)
{
    return read_part(table, into, part, 0, error);
}

enum status part_require(const struct document *part, const char *const *needed, size_t n_needed,
                         struct error *error)
{
    for (size_t i = 0; i < n_needed; i++) {
        const json_t *value = json_object_get(part->root, needed[i]);

        if (!value || json_is_null(value))
            return error_set(error, STATUS_INVALID, "%s: \"%s\" is missing", part->name, needed[i]);
    }
    return STATUS_OK;
}

/* Older files have "add_prefix_space" too. As in the official library it changes nothing: it may be
 * false only where "prepend_scheme" is "never", which a file without one does not say. */
static enum status read_scheme(struct metaspace *metaspace, const struct document *part,
                               struct error *error)
{
    bool add_prefix_space = true;
    const char *scheme = "always";
    enum status status = document_get_bool(part, "add_prefix_space", &add_prefix_space, error);

    if (!status)
        status = document_get_string(part, "prepend_scheme", &scheme, error);
    if (status)
        return status;
    metaspace->first_only = strcmp(scheme, "first") == 0;
    metaspace->prepends = metaspace->first_only || strcmp(scheme, "always") == 0;
    if (!metaspace->prepends && strcmp(scheme, "never") != 0)
        return error_set(error, STATUS_INVALID,
                         "%s: \"prepend_scheme\" must be \"always\", \"first\" or \"never\", is "
                         "\"%.60s\"",
                         part->name, scheme);
    if (metaspace->prepends && !add_prefix_space)
        return error_set(error, STATUS_INVALID,
                         "%s: \"add_prefix_space\" is false, but \"prepend_scheme\" is \"%s\" "
                         "(always where it is absent)",
                         part->name, scheme);
    return STATUS_OK;
}

enum status part_read_metaspace(struct metaspace *ret_metaspace, const struct document *part,
                                struct error *error)
{
    const json_t *text = json_object_get(part->root, "replacement");
    const char *string = json_string_value(text);
    enum status status;

    *ret_metaspace = (struct metaspace){.splits = true};
    status = read_scheme(ret_metaspace, part, error);
    if (!status)
        status = document_get_bool(part, "split", &ret_metaspace->splits, error);
    if (status)
        return status;
    if (!string || json_string_length(text) == 0 ||
        utf8_decode(string, json_string_length(text), &ret_metaspace->replacement) !=
            json_string_length(text))
        return error_set(error, STATUS_INVALID, "%s: \"replacement\" must be one character",
                         part->name);
    return STATUS_OK;
}
