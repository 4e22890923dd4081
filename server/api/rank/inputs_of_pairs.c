/* SPDX-License-Identifier: Apache-2.0 */

/* Inputs that come as pairs, or as two lists side by side. */
#include "server/api/rank/pairs.h"

#include "server/api/embed/inputs.h"

#include <stdlib.h>

static bool allocate(struct decoding *decoding, size_t n, const char *name)
{
    struct fields *fields = &decoding->fields;

    if (!inputs_check_count(decoding, n, name))
        return false;
    fields->row_field = name;
    fields->n_inputs = n;
    fields->n_rows = n;
    fields->inputs = calloc(n, sizeof(*fields->inputs));
    return fields->inputs || api_error_set_no_memory(decoding->error);
}

/* ---- TEI's inputs ---- */

static bool refuse(struct decoding *decoding, const char *path, const json_t *json)
{
    return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path,
                         "'%s' must be a text, a pair of texts, or a list of lists of one text or "
                         "two, but is %s",
                         path, json ? body_type_name(json) : "missing");
}

/* "a", ["a"] or ["a", "b"]. */
static bool set_pair(struct decoding *decoding, const json_t *json, const char *name,
                     const char *path, struct input *input)
{
    struct slice *texts[] = {&input->text, &input->second};
    size_t n = json_array_size(json);

    if (json_is_string(json))
        return inputs_get_text(decoding, json, name, path, &input->text);
    if (n != 1 && n != 2)
        return refuse(decoding, path, json);
    for (size_t i = 0; i < n; i++) {
        const json_t *text = json_array_get(json, i);

        if (!json_is_string(text))
            return refuse(decoding, path, text);
        if (!inputs_get_text(decoding, text, name, path, texts[i]))
            return false;
    }
    return true;
}

static bool holds_lists(const json_t *json)
{
    for (size_t i = 0; i < json_array_size(json); i++)
        if (json_is_array(json_array_get(json, i)))
            return true;
    return false;
}

bool pairs_read_inputs(struct decoding *decoding, const struct body_object *root, const char *name)
{
    const json_t *json = body_get(root, name);
    struct fields *fields = &decoding->fields;
    bool is_empty;

    if (!json || (!json_is_string(json) && !json_is_array(json)))
        return refuse(decoding, name, json);
    fields->is_batch = holds_lists(json);
    is_empty = json_is_array(json) && json_array_size(json) == 0;
    if (!allocate(decoding, fields->is_batch || is_empty ? json_array_size(json) : 1, name))
        return false;
    if (!fields->is_batch)
        return set_pair(decoding, json, name, name, &fields->inputs[0]);
    for (size_t i = 0; i < fields->n_inputs; i++) {
        struct body_path path = body_item_path(name, i);

        if (!set_pair(decoding, json_array_get(json, i), name, path.text, &fields->inputs[i]))
            return false;
    }
    return true;
}

/* ---- two columns ---- */

/* Text i of a column, or the one that it is. */
static bool get_text(struct decoding *decoding, const json_t *column, size_t i, const char *name,
                     struct slice *ret_text)
{
    const json_t *text = json_is_array(column) ? json_array_get(column, i) : column;
    struct body_path path = body_item_path(name, i);

    if (!json_is_string(text))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path.text,
                             "'%s' must be a text, but is %s", path.text, body_type_name(text));
    return inputs_get_text(decoding, text, name, path.text, ret_text);
}

static bool count_column(struct decoding *decoding, const json_t *column, const char *name,
                         size_t *ret_n)
{
    if (!json_is_string(column) && !json_is_array(column))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, name,
                             column ? "'%s' must be a text or a list of texts, but is %s"
                                    : "'%s' is %s: it must be a text or a list of texts",
                             name, column ? body_type_name(column) : "missing");
    *ret_n = json_is_array(column) ? json_array_size(column) : 1;
    return inputs_check_count(decoding, *ret_n, name);
}

bool pairs_read_columns(struct decoding *decoding, const struct body_object *root,
                        const char *first_name, const char *second_name)
{
    const json_t *first = body_get(root, first_name);
    const json_t *second = body_get(root, second_name);
    struct fields *fields = &decoding->fields;
    size_t n_first = 0;
    size_t n_second = 0;

    if (!count_column(decoding, first, first_name, &n_first) ||
        !count_column(decoding, second, second_name, &n_second))
        return false;
    if (n_first != 1 && n_first != n_second)
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, second_name,
                             "'%s' holds %zu texts, but must hold as many as '%s', which are %zu, "
                             "unless that is one text",
                             second_name, n_second, first_name, n_first);
    if (!allocate(decoding, n_second, second_name))
        return false;
    for (size_t i = 0; i < n_second; i++) {
        struct input *input = &fields->inputs[i];

        if (!get_text(decoding, first, n_first == 1 ? 0 : i, first_name, &input->text) ||
            !get_text(decoding, second, i, second_name, &input->second))
            return false;
    }
    return true;
}
