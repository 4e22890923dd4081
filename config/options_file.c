/* SPDX-License-Identifier: Apache-2.0 */

/* The JSON file of --config: an object whose keys are the options' fields. Strings are read like
 * the values of flags, so "32MiB" means the same here. */
#include "config/reading.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static bool fits_type(const struct option *option, const json_t *value)
{
    const enum option_type type = option->type;

    switch (json_typeof(value)) {
    case JSON_STRING:
        return true;
    case JSON_INTEGER:
        return type == OPTION_NUMBER || type == OPTION_BYTES || type == OPTION_SECONDS ||
               option_is_list(option);
    case JSON_REAL:
        return type == OPTION_SECONDS;
    case JSON_TRUE:
    case JSON_FALSE:
        return type == OPTION_SWITCH;
    default:
        return false;
    }
}

/* A string is read like a flag's value; numbers and booleans are read as their text. */
static bool set_from_json(struct reading *reading, const struct option *option, const json_t *value)
{
    char *text;
    bool done;

    if (json_is_string(value))
        return reading_set(reading, option, OPTION_SOURCE_FILE, json_string_value(value));
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (!text)
        return reading_complain(reading, "out of memory");
    if (fits_type(option, value))
        done = reading_set(reading, option, OPTION_SOURCE_FILE, text);
    else
        done = reading_refuse_value(reading, option, OPTION_SOURCE_FILE, text);
    free(text);
    return done;
}

static bool set_from_member(struct reading *reading, const char *key, const json_t *value)
{
    const struct option *const option = option_find(OPTION_SOURCE_FILE, key, strlen(key));

    if (!option) {
        char what[sizeof(struct shown) + 8];

        snprintf(what, sizeof(what), "%s: key", shown_of_string(reading->file_path).text);
        return reading_refuse_name(reading, what, OPTION_SOURCE_FILE, key, strlen(key));
    }
    if (!option_is_of(option, reading->options.command))
        return true;
    if (!option_is_list(option) || !json_is_array(value))
        return set_from_json(reading, option, value);
    reading_take_source(reading, option, OPTION_SOURCE_FILE); /* an empty array empties the list */
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!set_from_json(reading, option, json_array_get(value, i)))
            return false;
    return true;
}

static bool set_from_object(struct reading *reading, json_t *root)
{
    if (!json_is_object(root))
        return reading_complain(reading, "%s: expected a JSON object of options",
                                shown_of_string(reading->file_path).text);
    for (void *at = json_object_iter(root); at; at = json_object_iter_next(root, at))
        if (!set_from_member(reading, json_object_iter_key(at), json_object_iter_value(at)))
            return false;
    return true;
}

bool reading_set_from_file(struct reading *reading)
{
    const struct shown path = shown_of_string(reading->file_path);
    json_error_t error;
    json_t *root;
    bool done;

    root = json_load_file(reading->file_path, JSON_REJECT_DUPLICATES, &error);
    if (!root && error.line > 0)
        return reading_complain(reading, "%s:%d: %s", path.text, error.line, error.text);
    if (!root)
        return reading_complain(reading, "--config=%s: %s", path.text, error.text);
    done = set_from_object(reading, root);
    json_decref(root);
    return done;
}
