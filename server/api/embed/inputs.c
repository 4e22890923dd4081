/* SPDX-License-Identifier: Apache-2.0 */

/* A list is counted, then memory is allocated for all of it, then each item is checked while it is
 * set. The `param` of an error about an item's type is the item; otherwise it is the field, and the
 * message names the item. */
#include "server/api/embed/inputs.h"

#include <stdlib.h>
#include <string.h>

bool inputs_check_count(struct decoding *decoding, size_t n, const char *path)
{
    if (n == 0)
        return api_error_set(decoding->error, PROBLEM_EMPTY_INPUT, path,
                             "'%s' is an empty list: it must hold at least one item", path);
    if (n > decoding->limits->max_inputs)
        return api_error_set(decoding->error, PROBLEM_TOO_MANY_INPUTS, path,
                             "'%s' holds %zu items, but at most %zu are allowed in one request",
                             path, n, decoding->limits->max_inputs);
    return true;
}

/* A text or a list: counts its items, from 1 to the maximum. */
static bool count_inputs(struct decoding *decoding, const json_t *json, const char *path,
                         const char *allowed, size_t *ret_n)
{
    size_t n = 1;

    if (!json)
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path,
                             "'%s' is missing: it must be %s", path, allowed);
    if (!json_is_string(json) && !json_is_array(json))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path,
                             "'%s' must be %s, but is %s", path, allowed, body_type_name(json));
    /* A list of token ids is one input. */
    if (json_is_array(json) && !json_is_number(json_array_get(json, 0)))
        n = json_array_size(json);
    if (!inputs_check_count(decoding, n, path))
        return false;
    *ret_n = n;
    return true;
}

bool inputs_get_text(struct decoding *decoding, const json_t *json, const char *path,
                     const char *item_path, struct slice *ret_text)
{
    if (json_string_length(json) == 0)
        return api_error_set(decoding->error, PROBLEM_EMPTY_INPUT, path, "'%s' is an empty text",
                             item_path);
    *ret_text = (struct slice){json_string_value(json), json_string_length(json)};
    return true;
}

static bool set_text(struct decoding *decoding, const json_t *json, const char *path,
                     const char *item_path, struct input *input)
{
    return inputs_get_text(decoding, json, path, item_path, &input->text);
}

/* Inputs from `first` on: only texts. */
static bool set_texts(struct decoding *decoding, const json_t *json, const char *path, size_t first)
{
    struct input *inputs = decoding->fields.inputs + first;

    if (json_is_string(json))
        return set_text(decoding, json, path, path, inputs);
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *item = json_array_get(json, i);
        struct body_path item_path = body_item_path(path, i);

        if (!json_is_string(item))
            return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, item_path.text,
                                 "'%s' must be a text, but is %s", item_path.text,
                                 body_type_name(item));
        if (!set_text(decoding, item, path, item_path.text, &inputs[i]))
            return false;
    }
    return true;
}

static bool set_ids(struct decoding *decoding, const json_t *list, const char *path,
                    const char *list_path, int32_t *ids, struct input *input)
{
    size_t n = json_array_size(list);
    size_t vocabulary_size = decoding->limits->vocabulary_size;

    if (n == 0)
        return api_error_set(decoding->error, PROBLEM_EMPTY_INPUT, path,
                             "'%s' is an empty list: it must hold at least one token id",
                             list_path);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        int64_t id;

        if (!json_to_whole(item, &id)) {
            struct body_path item_path = body_item_path(list_path, i);

            return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, item_path.text,
                                 "'%s' must be a token id, a whole number, but is %s",
                                 item_path.text, body_type_name(item));
        }
        if (id < 0 || (uint64_t)id >= vocabulary_size)
            return api_error_set(
                decoding->error, PROBLEM_INVALID_TOKEN, path,
                "'%s[%zu]' is the token id %s, but the model's vocabulary has %zu "
                "tokens (ids 0 to %zu). The ids of another tokenizer, such as the one "
                "an OpenAI client library uses by default, do not fit this model: "
                "send texts instead",
                list_path, i, json_number_text_of(item).text, vocabulary_size, vocabulary_size - 1);
        ids[i] = (int32_t)id;
    }
    input->ids = ids;
    input->n_ids = n;
    return true;
}

/* Of [id...], or of all lists among the items. */
static size_t count_ids(const json_t *json)
{
    size_t n = 0;

    if (json_is_number(json_array_get(json, 0)))
        return json_array_size(json);
    for (size_t i = 0; i < json_array_size(json); i++)
        n += json_array_size(json_array_get(json, i));
    return n;
}

/* [text...], [[id...]...] or, if they may be mixed, both in one list. */
static bool set_items(struct decoding *decoding, const json_t *list, const char *path, bool mixed)
{
    const json_t *first = json_array_get(list, 0);
    struct fields *fields = &decoding->fields;
    int32_t *ids = fields->ids;

    for (size_t i = 0; i < fields->n_inputs; i++) {
        const json_t *item = json_array_get(list, i);
        struct body_path item_path = body_item_path(path, i);
        struct input *input = &fields->inputs[i];
        bool fits = json_is_string(item) || json_is_array(item);
        const char *allowed =
            i > 0 ? "a text or a list of token ids" : "a text, a token id or a list of token ids";

        if (i > 0 && !mixed) {
            fits = json_typeof(item) == json_typeof(first);
            allowed = json_is_string(first) ? "a text, as the first item is"
                                            : "a list of token ids, as the first item is";
        }
        if (!fits)
            return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, item_path.text,
                                 "'%s' must be %s, but is %s", item_path.text, allowed,
                                 body_type_name(item));
        if (json_is_string(item) ? !set_text(decoding, item, path, item_path.text, input)
                                 : !set_ids(decoding, item, path, item_path.text, ids, input))
            return false;
        ids += input->n_ids;
    }
    return true;
}

/* One list of inputs, counted before. */
static bool set_inputs(struct decoding *decoding, const json_t *json, const char *path, bool mixed)
{
    struct fields *fields = &decoding->fields;

    fields->row_field = path;
    fields->n_rows = fields->n_inputs;
    fields->inputs = calloc(fields->n_inputs, sizeof(*fields->inputs));
    fields->ids = calloc(count_ids(json) + 1, sizeof(*fields->ids)); /* never 0 */
    if (!fields->inputs || !fields->ids)
        return api_error_set_no_memory(decoding->error);
    if (json_is_string(json))
        return set_text(decoding, json, path, path, &fields->inputs[0]);
    if (json_is_number(json_array_get(json, 0)))
        return set_ids(decoding, json, path, path, fields->ids, &fields->inputs[0]);
    return set_items(decoding, json, path, mixed);
}

bool decode_input(struct decoding *decoding, const json_t *json, const char *path, bool mixed)
{
    return count_inputs(decoding, json, path,
                        mixed ? "a text, a list of token ids or a list of texts and of such lists"
                              : "a text, a list of texts, a list of token ids or a list of such "
                                "lists",
                        &decoding->fields.n_inputs) &&
           set_inputs(decoding, json, path, mixed);
}

bool decode_ids(struct decoding *decoding, const json_t *json, const char *path)
{
    static const char allowed[] = "a list of token ids or a list of such lists";
    const json_t *first = json_array_get(json, 0);
    size_t max_ids = decoding->limits->max_request_tokens;

    if (json && !json_is_array(json))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path,
                             "'%s' must be %s, but is %s", path, allowed, body_type_name(json));
    if (!count_inputs(decoding, json, path, allowed, &decoding->fields.n_inputs))
        return false;
    if (!json_is_number(first) && !json_is_array(first))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, body_item_path(path, 0).text,
                             "'%s[0]' must be a token id or a list of token ids, but is %s", path,
                             body_type_name(first));
    if (count_ids(json) > max_ids)
        return api_error_set_too_many_tokens(decoding->error, path, count_ids(json), max_ids);
    return set_inputs(decoding, json, path, false);
}

bool decode_texts(struct decoding *decoding, const json_t *rows, const char *row_field,
                  const json_t *columns, const char *column_field)
{
    static const char allowed[] = "a text or a list of texts";
    struct fields *fields = &decoding->fields;
    size_t n_columns = 0;

    fields->row_field = row_field;
    fields->column_field = column_field;
    if (!count_inputs(decoding, rows, row_field, allowed, &fields->n_rows))
        return false;
    if (columns && !count_inputs(decoding, columns, column_field, allowed, &n_columns))
        return false;
    fields->n_inputs = fields->n_rows + n_columns;
    fields->inputs = calloc(fields->n_inputs, sizeof(*fields->inputs));
    if (!fields->inputs)
        return api_error_set_no_memory(decoding->error);
    if (!set_texts(decoding, rows, row_field, 0))
        return false;
    return !columns || set_texts(decoding, columns, column_field, fields->n_rows);
}

static bool refuse_content(struct decoding *decoding, const char *content_path)
{
    return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, content_path,
                         "'%s' must be a list of one text: [{\"type\":\"text\",\"text\":...}]",
                         content_path);
}

/* To Cohere, an input may have several parts, texts and images, which become one vector. It does
 * not say how texts are joined, so we take exactly one text. */
static bool set_content(struct decoding *decoding, const struct body_object *item, const char *path,
                        struct input *input)
{
    struct body_path content_path = body_path(item, "content");
    struct body_list content;
    struct body_object part;
    const json_t *type;
    const json_t *text;

    if (!body_get_list(item, "content", &content, decoding->error) || content.n != 1 ||
        !body_get_item(&content, 0, content_path.text, &part, decoding->error))
        return refuse_content(decoding, content_path.text);
    type = body_get(&part, "type");
    text = body_get(&part, "text");
    if (type && json_is_string(type) && strcmp(json_string_value(type), "image_url") == 0)
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, content_path.text,
                             "'%s' holds an image, but this model embeds only texts",
                             content_path.text);
    if (!type || !json_is_string(type) || strcmp(json_string_value(type), "text") != 0 || !text ||
        !json_is_string(text))
        return refuse_content(decoding, content_path.text);
    return set_text(decoding, text, path, content_path.text, input);
}

/* An instance of Vertex AI: what /embed takes, and a type. */
static bool set_instance(struct decoding *decoding, const struct body_object *item,
                         const char *path, struct input *input)
{
    struct body_path inputs_path = body_path(item, "inputs");
    struct slice type = {"", 0};
    const json_t *inputs;

    if (!body_get_text(item, "type", &type, decoding->error))
        return false;
    if (!slice_is(type, "embed"))
        return decode_refuse_value(decoding, item, "type", type, "embed");
    inputs = body_get(item, "inputs");
    if (!inputs || !json_is_string(inputs))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, inputs_path.text,
                             "'%s' must be a text, but is %s", inputs_path.text,
                             inputs ? body_type_name(inputs) : "missing");
    return set_text(decoding, inputs, path, inputs_path.text, input);
}

/* One input for each object of a list. */
static bool decode_objects(struct decoding *decoding, const struct body_object *object,
                           const char *name,
                           bool (*set)(struct decoding *, const struct body_object *item,
                                       const char *path, struct input *))
{
    struct fields *fields = &decoding->fields;
    struct body_list list;

    if (!body_get_list(object, name, &list, decoding->error) ||
        !inputs_check_count(decoding, list.n, name))
        return false;
    fields->row_field = name;
    fields->n_rows = list.n;
    fields->n_inputs = list.n;
    fields->inputs = calloc(fields->n_inputs, sizeof(*fields->inputs));
    if (!fields->inputs)
        return api_error_set_no_memory(decoding->error);
    for (size_t i = 0; i < fields->n_inputs; i++) {
        struct body_path item_path = body_item_path(name, i);
        struct body_object item;

        if (!body_get_item(&list, i, item_path.text, &item, decoding->error) ||
            !set(decoding, &item, name, &fields->inputs[i]))
            return false;
    }
    return true;
}

bool decode_contents(struct decoding *decoding, const struct body_object *object, const char *name)
{
    return decode_objects(decoding, object, name, set_content);
}

bool decode_instances(struct decoding *decoding, const struct body_object *object, const char *name)
{
    return decode_objects(decoding, object, name, set_instance);
}
