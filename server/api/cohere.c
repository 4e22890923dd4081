/* SPDX-License-Identifier: Apache-2.0 */

/* The reply repeats the texts of the request, so they are written into it before they are freed;
 * the rest follows once there are vectors. All embedding types come from the same vectors, which
 * are encoded once. Without types, which only version 1 allows, the vectors are one plain list. */
#include "server/api/cohere.h"

#include "server/api/embed/embed_work.h"
#include "server/api/embed/inputs.h"
#include "server/api/embed/vector_json.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

/* Cohere's clients read `message`; `error` is the same on all our routes. */
static void write_error(struct buffer *buffer, const struct request *request,
                        const struct api_error *error)
{
    buffer_append_string(buffer, "{\"id\":");
    buffer_append_json_or_null(buffer, request->id);
    buffer_append_string(buffer, ",\"message\":");
    buffer_append_json_or_null(buffer, error->message);
    buffer_append_string(buffer, ",\"error\":");
    openai_write_error(buffer, error);
    buffer_append_string(buffer, "}");
}

const struct route_family cohere_family = {
    .get_status = openai_get_status,
    .write_error = write_error,
};

/* ---- the request ---- */

static const char *name_type(enum cohere_type type)
{
    if (type >= COHERE_PACKED)
        return pack_name((enum pack)(type - COHERE_PACKED));
    return type == COHERE_FLOAT ? "float" : "base64";
}

/* The limit of each text; more than the model's own limit changes nothing. */
static bool decode_max_tokens(struct decoding *decoding, const struct body_object *object)
{
    enum { MIN = 3 }; /* one token between [CLS] and [SEP] */
    const json_t *json = body_get_option(object, "max_tokens");
    int64_t max_tokens;

    if (!json)
        return true;
    if (!json_to_whole(json, &max_tokens))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "max_tokens",
                             "'max_tokens' must be a whole number, but is %s",
                             body_type_name(json));
    if (max_tokens < MIN)
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, "max_tokens",
                             "'max_tokens' is %s, but must be at least %d",
                             json_number_text_of(json).text, MIN);
    if ((uint64_t)max_tokens < decoding->fields.max_tokens)
        decoding->fields.max_tokens = (size_t)max_tokens;
    return true;
}

static bool decode_embedding_types(struct decoding *decoding, const struct body_object *object)
{
    static const char allowed[] = "float, base64, int8, uint8, binary, ubinary";
    const json_t *json = body_get_option(object, "embedding_types");
    unsigned types = 0;

    if (!json)
        return true;
    if (json_array_size(json) == 0)
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "embedding_types",
                             "'embedding_types' must be a list of at least one of: %s", allowed);
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *item = json_array_get(json, i);
        struct body_path path = body_item_path("embedding_types", i);
        struct slice name = {json_string_value(item), json_string_length(item)};
        int type = 0;

        if (!name.bytes)
            return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, path.text,
                                 "'%s' must be a text, but is %s", path.text, body_type_name(item));
        while (type < N_COHERE_TYPES && !slice_is(name, name_type((enum cohere_type)type)))
            type++;
        if (type == N_COHERE_TYPES)
            return decode_refuse_value(decoding, object, path.text, name, allowed);
        types |= 1U << type;
    }
    decoding->fields.types = types;
    return true;
}

/* Cohere's clients send texts in one of two fields. */
static bool decode_inputs(struct decoding *decoding, const struct body_object *root)
{
    if (body_has_option(root, "images"))
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, "images",
                             "'images' is not supported: this model embeds only texts");
    if (body_has(root, "texts") && body_has(root, "inputs"))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "inputs",
                             "'texts' and 'inputs' exclude each other");
    if (body_has(root, "inputs"))
        return decode_contents(decoding, root, "inputs");
    return decode_texts(decoding, body_get(root, "texts"), "texts", NULL, NULL);
}

bool cohere_read_embed(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.types = 1U << COHERE_FLOAT;
    return cohere_read_embed_v1(decoding, root);
}

bool cohere_read_embed_v1(struct decoding *decoding, const struct body_object *root)
{
    return decode_refuse_foreign(decoding, root) && decode_model(decoding, root) &&
           decode_inputs(decoding, root) && decode_dimensions(decoding, root) &&
           decode_embedding_types(decoding, root) && decode_max_tokens(decoding, root) &&
           decode_truncate(decoding, root) && decode_prompt(decoding, root);
}

/* ---- the reply ---- */

static size_t count_vector_bytes(const struct fields *fields, enum cohere_type type)
{
    if (type == COHERE_FLOAT)
        return vector_json_floats_max_bytes(fields->n_dims);
    if (type == COHERE_BASE64)
        return vector_json_base64_max_bytes(fields->n_dims);
    return vector_json_packed_max_bytes((enum pack)(type - COHERE_PACKED), fields->n_dims);
}

static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    enum { AROUND = 1024 };
    const struct fields *fields = &work->fields;
    size_t n_bytes = AROUND;

    (void)request;
    for (size_t i = 0; i < fields->n_inputs; i++)
        n_bytes += 1 + buffer_json_string_length(fields->inputs[i].text.bytes,
                                                 fields->inputs[i].text.len_bytes);
    for (int type = 0; type < N_COHERE_TYPES; type++) {
        if (fields->types & 1U << type)
            n_bytes += fields->n_inputs * (1 + count_vector_bytes(fields, (enum cohere_type)type));
    }
    if (!fields->types)
        n_bytes += fields->n_inputs * (1 + count_vector_bytes(fields, COHERE_FLOAT));
    return (struct finish_bytes){.reply = n_bytes};
}

static void begin_reply(struct request *request, const struct fields *fields)
{
    struct buffer *buffer = &request->reply.body;

    buffer_append_string(buffer, "{\"id\":");
    buffer_append_json_or_null(buffer, request->id);
    buffer_appendf(buffer, ",\"response_type\":\"%s\",\"texts\":[",
                   fields->types ? "embeddings_by_type" : "embeddings_floats");
    for (size_t i = 0; i < fields->n_inputs; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        buffer_append_json_string(buffer, fields->inputs[i].text.bytes,
                                  fields->inputs[i].text.len_bytes);
    }
    buffer_append_string(buffer, "],");
}

enum route_outcome cohere_embed_start(struct request *request)
{
    static const struct embed_route route = {
        .read = cohere_read_embed,
        .count_bytes = count_bytes,
        .begin_reply = begin_reply,
    };

    return embed_work_start(request, &route);
}

enum route_outcome cohere_embed_v1_start(struct request *request)
{
    static const struct embed_route route = {
        .read = cohere_read_embed_v1,
        .count_bytes = count_bytes,
        .begin_reply = begin_reply,
    };

    return embed_work_start(request, &route);
}

static void write_vector(struct buffer *buffer, const struct embed_work *work,
                         enum cohere_type type, size_t i)
{
    const float *vector = embed_work_get_vector(work, i);
    size_t n_dims = work->fields.n_dims;

    if (type == COHERE_FLOAT)
        vector_json_floats(buffer, vector, n_dims);
    else if (type == COHERE_BASE64)
        vector_json_base64(buffer, vector, n_dims);
    else
        vector_json_packed(buffer, (enum pack)(type - COHERE_PACKED), vector, n_dims,
                           embed_work_find_scale(work, i));
}

/* [vector...] */
static void write_list(struct buffer *buffer, const struct embed_work *work, enum cohere_type type)
{
    buffer_append_string(buffer, "[");
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_vector(buffer, work, type, i);
    }
    buffer_append_string(buffer, "]");
}

static void write_embeddings(struct buffer *buffer, const struct embed_work *work)
{
    const char *separator = "";

    buffer_append_string(buffer, "\"embeddings\":");
    if (!work->fields.types) {
        write_list(buffer, work, COHERE_FLOAT);
        return;
    }
    buffer_append_string(buffer, "{");
    for (int type = 0; type < N_COHERE_TYPES; type++) {
        if (!(work->fields.types & 1U << type))
            continue;
        buffer_appendf(buffer, "%s\"%s\":", separator, name_type((enum cohere_type)type));
        write_list(buffer, work, (enum cohere_type)type);
        separator = ",";
    }
    buffer_append_string(buffer, "}");
}

/* The client shows no headers, so truncation is reported here too. */
static void write_meta(struct buffer *buffer, const struct embed_work *work, int version)
{
    buffer_appendf(buffer,
                   "\"meta\":{\"api_version\":{\"version\":\"%d\"},"
                   "\"billed_units\":{\"input_tokens\":%zu}",
                   version, work->tokens.n_tokens);
    if (work->n_truncated)
        buffer_appendf(buffer, ",\"warnings\":[\"%zu of %zu inputs were truncated\"]",
                       work->n_truncated, work->fields.n_inputs);
    buffer_append_string(buffer, "}");
}

static void finish(struct request *request, int version)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *buffer = &request->reply.body;

    if (!work)
        return;
    respond_json(request);
    write_embeddings(buffer, work);
    buffer_append_string(buffer, ",");
    write_meta(buffer, work, version);
    buffer_append_string(buffer, "}");
}

void cohere_embed_finish(struct request *request)
{
    finish(request, 2);
}

void cohere_embed_v1_finish(struct request *request)
{
    finish(request, 1);
}
