/* SPDX-License-Identifier: Apache-2.0 */
#include "server/embedder/reply.h"

#include "server/text/base64.h"
#include "server/text/buffer.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { MAX_DIMS = 1 << 20 };

static float read_little_endian(const unsigned char bytes[4])
{
    union {
        uint32_t bits;
        float value;
    } number = {.bits = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                        (uint32_t)bytes[3] << 24};

    return number.value;
}

/* ---- one vector ---- */

static enum status read_base64(const json_t *json, float *to, size_t n_dims)
{
    const size_t len_bytes = n_dims * sizeof(float);
    unsigned char *bytes = malloc(len_bytes);
    enum status status = STATUS_OK;

    if (!bytes)
        return STATUS_NO_MEMORY;
    if (!base64_read(bytes, len_bytes, json_string_value(json), json_string_length(json)))
        status = STATUS_INVALID;
    for (size_t i = 0; i < n_dims && !status; i++)
        to[i] = read_little_endian(bytes + sizeof(float) * i);
    free(bytes);
    return status;
}

static enum status read_list(const json_t *json, float *to, size_t n_dims)
{
    for (size_t i = 0; i < n_dims; i++) {
        const json_t *number = json_array_get(json, i);

        if (!json_is_number(number))
            return STATUS_INVALID;
        to[i] = (float)json_number_value(number);
    }
    return STATUS_OK;
}

/* How many numbers it has; 0 where it is no vector. */
static size_t count_dims(const json_t *json)
{
    if (json_is_array(json))
        return json_array_size(json);
    if (json_is_string(json) && json_string_length(json) % 4 == 0)
        return base64_count_bytes(json_string_value(json), json_string_length(json)) /
               sizeof(float);
    return 0;
}

static enum status read_vector(const json_t *json, size_t index, struct reply_vectors *vectors,
                               struct error *error)
{
    const size_t n_dims = count_dims(json);
    float *to;
    enum status status;

    if (n_dims == 0 || n_dims > MAX_DIMS)
        return error_set(error, STATUS_INVALID,
                         "the embedding of text %zu is no list of numbers, nor base64 of them",
                         index);
    if (vectors->n_dims == 0)
        vectors->n_dims = n_dims;
    if (n_dims != vectors->n_dims)
        return error_set(error, STATUS_INVALID,
                         "the embedding of text %zu has %zu numbers, expected were %zu", index,
                         n_dims, vectors->n_dims);
    if (!vectors->vectors)
        return STATUS_OK;
    to = vectors->vectors + index * n_dims;
    status = json_is_string(json) ? read_base64(json, to, n_dims) : read_list(json, to, n_dims);
    for (size_t i = 0; i < n_dims && !status; i++)
        if (!isfinite(to[i]))
            status = STATUS_INVALID;
    if (status == STATUS_INVALID)
        return error_set(error, status,
                         "the embedding of text %zu holds what is not a finite number", index);
    return status;
}

/* ---- the whole ---- */

/* data[i]: whose `index`, where it has one, says which text it is of. */
static enum status read_item(const json_t *item, size_t i, bool *seen,
                             struct reply_vectors *vectors, struct error *error)
{
    const json_t *index = json_object_get(item, "index");
    const json_int_t at = json_is_integer(index) ? json_integer_value(index) : (json_int_t)i;

    if (at < 0 || (size_t)at >= vectors->n_texts || seen[at])
        return error_set(error, STATUS_INVALID, "data[%zu].index is wrong, or there twice", i);
    seen[at] = true;
    return read_vector(json_object_get(item, "embedding"), (size_t)at, vectors, error);
}

static enum status read_data(const json_t *root, struct reply_vectors *vectors, struct error *error)
{
    const json_t *data = json_object_get(root, "data");
    enum status status = STATUS_OK;
    bool *seen;

    if (!json_is_array(data) || json_array_size(data) != vectors->n_texts)
        return error_set(error, STATUS_INVALID, "the reply has %zu embeddings for %zu texts",
                         json_array_size(data), vectors->n_texts);
    seen = calloc(vectors->n_texts, sizeof(*seen));
    if (!seen)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < vectors->n_texts && !status; i++)
        status = read_item(json_array_get(data, i), i, seen, vectors, error);
    free(seen);
    return status;
}

static void read_truncated(const json_t *root, struct reply_vectors *vectors)
{
    const json_t *list = json_object_get(root, "truncated");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *index = json_array_get(list, i);

        if (json_is_integer(index) && json_integer_value(index) >= 0 &&
            (size_t)json_integer_value(index) < vectors->n_texts)
            vectors->truncated[json_integer_value(index)] = true;
    }
}

enum status reply_read(struct slice body, struct reply_vectors *vectors, struct error *error)
{
    json_error_t problem;
    json_t *root = json_loadb(body.bytes ? body.bytes : "", body.len_bytes, 0, &problem);
    enum status status;

    if (!root)
        return error_set(error, STATUS_INVALID, "the reply is not JSON: %s", problem.text);
    status = read_data(root, vectors, error);
    if (!status)
        read_truncated(root, vectors);
    json_decref(root);
    return status ? error_set(error, status, "not enough memory for the reply") : STATUS_OK;
}

static const char *get_model_name(const json_t *list, size_t i)
{
    return json_string_value(json_object_get(json_array_get(list, i), "id"));
}

enum status reply_read_model(struct slice body, char **ret_name, struct error *error)
{
    json_t *root = json_loadb(body.bytes ? body.bytes : "", body.len_bytes, 0, NULL);
    const json_t *list = json_object_get(root, "data");
    struct buffer names = {0};
    enum status status = STATUS_OK;
    char *name;

    for (size_t i = 0; i < json_array_size(list) && names.len_bytes < 300; i++)
        buffer_appendf(&names, "%s%s", i > 0 ? ", " : "",
                       get_model_name(list, i) ? get_model_name(list, i) : "?");
    if (json_array_size(list) != 1 || !get_model_name(list, 0)) {
        status = error_set(error, STATUS_INVALID,
                           "name the model with --served-model-name; the server has: %.*s",
                           (int)names.len_bytes, names.bytes ? names.bytes : "");
    } else {
        name = strdup(get_model_name(list, 0));
        if (name)
            *ret_name = name;
        else
            status = STATUS_NO_MEMORY;
    }
    buffer_release(&names);
    json_decref(root);
    return status;
}
