/* SPDX-License-Identifier: Apache-2.0 */

/* Parsing is jansson's. What it allows and we do not: a body that is small as text and huge as a
 * tree. "[]," is three bytes and about 140 as a tree, so 32 MiB would become 1.5 GB. Therefore the
 * values are counted first, which is one pass over the bytes (1 GB/s), and too many are refused.
 * The depth is bounded by jansson (2,048), as is the recursion when the tree is freed. */
#include "server/body.h"

#include <stdio.h>
#include <string.h>

/* At least as many as there are values outside of texts, whatever the bytes are. */
static size_t count_values(const char *bytes, size_t len_bytes)
{
    size_t n_values = 1;
    bool in_text = false;

    for (size_t i = 0; i < len_bytes; i++) {
        if (in_text && bytes[i] == '\\')
            i++;
        else if (bytes[i] == '"')
            in_text = !in_text;
        else if (!in_text && (bytes[i] == ',' || bytes[i] == '[' || bytes[i] == '{'))
            n_values++;
    }
    return n_values;
}

/* The key that jansson stopped behind. */
static struct slice key_before(const char *bytes, size_t position)
{
    size_t stop = position - 1; /* its closing quote */
    size_t start = stop;

    while (start > 0 && bytes[start - 1] != '"')
        start--;
    return (struct slice){bytes + start, stop - start};
}

static bool parse_fault(const char *bytes, size_t len_bytes, const json_error_t *error,
                        struct fault *ret_fault)
{
    size_t position = error->position > 0 ? (size_t)error->position : 0;

    switch (json_error_code(error)) {
    case json_error_unknown:
    case json_error_out_of_memory:
        return fault_set(ret_fault, PROBLEM_INTERNAL_ERROR, NULL,
                         "There is not enough memory for this request");
    case json_error_stack_overflow:
        return fault_set(ret_fault, PROBLEM_BAD_REQUEST, NULL,
                         "The request body is nested too deep: at most %d levels are allowed",
                         JSON_PARSER_MAX_DEPTH);
    case json_error_invalid_utf8:
        return fault_set(ret_fault, PROBLEM_BAD_REQUEST, NULL,
                         "The request body is not valid UTF-8, from byte %zu on", position);
    case json_error_numeric_overflow:
        return fault_set(ret_fault, PROBLEM_BAD_REQUEST, NULL,
                         "The request body holds a number out of range (line %d, column %d)",
                         error->line, error->column);
    case json_error_duplicate_key:
        if (position >= 2 && position <= len_bytes) {
            struct slice key = key_before(bytes, position);
            struct excerpt excerpt = excerpt_of(key);

            return fault_set(ret_fault, PROBLEM_BAD_REQUEST, excerpt.text,
                             "The field '%s' stands twice in the same object", excerpt.text);
        }
        break;
    default:
        break;
    }
    return fault_set(
        ret_fault, PROBLEM_BAD_REQUEST, NULL,
        "The request body is not valid JSON (line %d, column %d)%s", error->line, error->column,
        strncmp(error->text, "invalid Unicode", 15) == 0 ? ": a lone surrogate is not a character"
                                                         : "");
}

bool body_parse(const char *bytes, size_t len_bytes, size_t most_values, json_t **ret_root,
                struct fault *ret_fault)
{
    json_error_t error = {0}; /* jansson leaves it so where an allocation failed */
    json_t *root;

    if (len_bytes == 0)
        return fault_set(ret_fault, PROBLEM_BAD_REQUEST, NULL,
                         "The request body is empty: it must be a JSON object");
    if (count_values(bytes, len_bytes) > most_values)
        return fault_set(ret_fault, PROBLEM_BAD_REQUEST, NULL,
                         "The request body holds more than %zu JSON values", most_values);
    root = json_loadb(bytes, len_bytes, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY,
                      &error);
    if (!root)
        return parse_fault(bytes, len_bytes, &error, ret_fault);
    if (!json_is_object(root)) {
        fault_set(ret_fault, PROBLEM_BAD_REQUEST, NULL,
                  "The request body must be a JSON object, but is %s", body_type_name(root));
        json_decref(root);
        return false;
    }
    *ret_root = root;
    return true;
}

json_t *body_get(const struct body_object *object, const char *name)
{
    json_t *json = json_object_get(object->json, name);

    return json_is_null(json) ? NULL : json;
}

bool body_get_object(const struct body_object *object, const char *name,
                     struct body_object *ret_child, struct fault *ret_fault)
{
    json_t *json = body_get(object, name);
    struct body_path path = body_path(object, name);

    if (json && !json_is_object(json))
        return fault_set(ret_fault, PROBLEM_BAD_REQUEST, path.text,
                         "'%s' must be an object, but is %s", path.text, body_type_name(json));
    ret_child->json = json;
    ret_child->path = name;
    return true;
}

bool body_get_text(const struct body_object *object, const char *name, struct slice *ret_text,
                   struct fault *ret_fault)
{
    json_t *json = body_get(object, name);
    struct body_path path = body_path(object, name);

    if (!json)
        return true;
    if (!json_is_string(json))
        return fault_set(ret_fault, PROBLEM_BAD_REQUEST, path.text,
                         "'%s' must be a text, but is %s", path.text, body_type_name(json));
    *ret_text = (struct slice){json_string_value(json), json_string_length(json)};
    return true;
}

bool body_get_switch(const struct body_object *object, const char *name, bool *ret_on,
                     struct fault *ret_fault)
{
    json_t *json = body_get(object, name);
    struct body_path path = body_path(object, name);

    if (!json)
        return true;
    if (!json_is_boolean(json))
        return fault_set(ret_fault, PROBLEM_BAD_REQUEST, path.text,
                         "'%s' must be true or false, but is %s", path.text, body_type_name(json));
    *ret_on = json_is_true(json);
    return true;
}

struct body_path body_path(const struct body_object *object, const char *name)
{
    struct body_path path;

    snprintf(path.text, sizeof(path.text), "%s%s%s", object->path, object->path[0] ? "." : "",
             name);
    return path;
}

struct body_path body_item_path(const char *list_path, size_t index)
{
    struct body_path path;

    snprintf(path.text, sizeof(path.text), "%s[%zu]", list_path, index);
    return path;
}

const char *body_type_name(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "a number";
    case JSON_REAL:
        return "a number that is not whole";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "something else";
}
