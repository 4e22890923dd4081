/* SPDX-License-Identifier: Apache-2.0 */

/* The JSON file of --config: an object whose keys are the options' fields. Strings are read like
 * the values of flags, so "32MiB" means the same here. Its key `models` lists a server's models, an
 * object each, of the options that are a model's own:
 *
 *   {"port": 80, "models": [{"model_id": "a"}, {"model_id": "b", "dtype": "int8"}]} */
#include "config/reading.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char models_key[] = "models";

/* As its text, allocated; NULL: out of memory. */
static char *dump(const json_t *value)
{
    return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
}

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
static bool set_from_json(struct reading *reading, const struct option *option,
                          enum option_source source, const json_t *value)
{
    char *text;
    bool done;

    if (json_is_string(value))
        return reading_set(reading, option, source, json_string_value(value));
    text = dump(value);
    if (!text)
        return reading_complain(reading, "out of memory");
    if (fits_type(option, value))
        done = reading_set(reading, option, source, text);
    else
        done = reading_refuse_value(reading, option, source, text);
    free(text);
    return done;
}

/* "nestd.json", "nestd.json: models[1]" */
static struct place name_object(const struct reading *reading, enum option_source source)
{
    const struct shown path = shown_of_string(reading->file_path);
    struct place place;

    if (source == OPTION_SOURCE_FILE)
        snprintf(place.text, sizeof(place.text), "%s", path.text);
    else
        snprintf(place.text, sizeof(place.text), "%s: models[%zu]", path.text, reading->model);
    return place;
}

static bool refuse_key(struct reading *reading, enum option_source source, const char *key)
{
    char what[sizeof(struct place) + 8];

    snprintf(what, sizeof(what), "%s: key", name_object(reading, source).text);
    return reading_refuse_name(reading, what, source, key, strlen(key));
}

static bool set_from_member(struct reading *reading, enum option_source source, const char *key,
                            const json_t *value)
{
    const struct option *const option = option_find(source, key, strlen(key));

    if (!option)
        return refuse_key(reading, source, key);
    if (source == OPTION_SOURCE_FILE_MODEL && !option_is_of_model(option))
        return reading_complain(reading, "%s: expected beside models: it is the whole server's",
                                reading_name_place(reading, option, source).text);
    if (!option_is_of(option, reading->options.command))
        return true;
    if (!option_is_list(option) || !json_is_array(value))
        return set_from_json(reading, option, source, value);
    reading_take_source(reading, option, source); /* an empty array empties the list */
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!set_from_json(reading, option, source, json_array_get(value, i)))
            return false;
    return true;
}

static bool set_from_object(struct reading *reading, enum option_source source, json_t *object)
{
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        const char *const key = json_object_iter_key(at);

        if (source == OPTION_SOURCE_FILE && strcmp(key, models_key) == 0)
            continue;
        if (!set_from_member(reading, source, key, json_object_iter_value(at)))
            return false;
    }
    return true;
}

bool reading_set_from_file(struct reading *reading)
{
    json_t *const models = json_object_get(reading->file, models_key);

    if (!set_from_object(reading, OPTION_SOURCE_FILE, reading->file))
        return false;
    return reading->models_of != OPTION_SOURCE_FILE_MODEL ||
           set_from_object(reading, OPTION_SOURCE_FILE_MODEL,
                           json_array_get(models, reading->model));
}

/* "nestd.json: models[1]=7: expected an object of the model's options" */
static bool refuse_shape(struct reading *reading, const char *place, const json_t *value,
                         const char *expected)
{
    char *const text = dump(value);

    if (!text)
        return reading_complain(reading, "out of memory");
    reading_complain(reading, "%s=%s: expected %s", place, shown_of_string(text).text, expected);
    free(text);
    return false;
}

static bool check_models(struct reading *reading, const json_t *models)
{
    const struct shown path = shown_of_string(reading->file_path);
    const size_t n = json_array_size(models);
    char place[sizeof(struct place)];

    snprintf(place, sizeof(place), "%s: %s", path.text, models_key);
    if (n == 0)
        return refuse_shape(reading, place, models, "an array of objects, one for each model");
    if (n > OPTIONS_MAX_MODELS)
        return reading_complain(reading,
                                "%s: %zu models are more than one server takes, which is %d", place,
                                n, OPTIONS_MAX_MODELS);
    if (json_object_get(reading->file, "model_id"))
        return reading_complain(reading, "%s: model_id and %s exclude each other", path.text,
                                models_key);
    for (size_t i = 0; i < n; i++) {
        const json_t *const model = json_array_get(models, i);

        snprintf(place, sizeof(place), "%s: %s[%zu]", path.text, models_key, i);
        if (!json_is_object(model))
            return refuse_shape(reading, place, model, "an object of the model's options");
        if (!json_object_get(model, "model_id"))
            return reading_complain(reading, "%s: expected a model_id in it", place);
    }
    reading->n_file_models = n;
    return true;
}

bool reading_open_file(struct reading *reading)
{
    struct shown path;
    json_error_t error;
    const json_t *models;

    if (!reading->file_path)
        return true;
    path = shown_of_string(reading->file_path);
    reading->file = json_load_file(reading->file_path, JSON_REJECT_DUPLICATES, &error);
    if (!reading->file && error.line > 0)
        return reading_complain(reading, "%s:%d: %s", path.text, error.line, error.text);
    if (!reading->file)
        return reading_complain(reading, "--config=%s: %s", path.text, error.text);
    if (!json_is_object(reading->file))
        return reading_complain(reading, "%s: expected a JSON object of options", path.text);
    models = json_object_get(reading->file, models_key);
    return !models || check_models(reading, models);
}

size_t reading_find_file_model(const struct reading *reading, const char *model_id,
                               size_t *ret_model)
{
    const json_t *const models = json_object_get(reading->file, models_key);
    size_t n = 0;

    for (size_t i = 0; i < reading->n_file_models; i++) {
        const json_t *const own = json_object_get(json_array_get(models, i), "model_id");

        if (!json_is_string(own) || strcmp(json_string_value(own), model_id) != 0)
            continue;
        *ret_model = i;
        n++;
    }
    return n;
}

void reading_close_file(struct reading *reading)
{
    json_decref(reading->file);
    reading->file = NULL;
}
