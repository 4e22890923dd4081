/* SPDX-License-Identifier: Apache-2.0 */

/* The reply repeats the texts of the request, so they are written into it before they are let go
 * of; the rest follows once there are vectors. All types that were asked for are of the same
 * vectors, which are encoded once. */
#include "server/api/cohere.h"

#include "server/api/embed/embedding.h"
#include "server/api/embed/encode.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

/* `message` is where Cohere's clients look for it, `error` is what we tell everywhere. */
static void write_error(struct text *text, const struct request *request, const struct fault *fault)
{
    text_append_string(text, "{\"id\":");
    text_append_json_or_null(text, request->id);
    text_append_string(text, ",\"message\":");
    text_append_json_or_null(text, fault->message);
    text_append_string(text, ",\"error\":");
    write_openai_error(text, fault);
    text_append_string(text, "}");
}

const struct route_family cohere_family = {
    .get_status = get_openai_status,
    .write_error = write_error,
};

static size_t count_vector_bytes(const struct fields *fields, enum embedding_type type)
{
    if (type == EMBEDDING_FLOAT)
        return encode_floats_max_bytes(fields->n_dims);
    if (type == EMBEDDING_BASE64)
        return encode_base64_max_bytes(fields->n_dims);
    return encode_packed_max_bytes((enum pack)(type - EMBEDDING_PACKED), fields->n_dims);
}

static struct finish_bytes count_bytes(const struct request *request,
                                       const struct embedding *embedding)
{
    enum { AROUND = 1024 };
    const struct fields *fields = &embedding->fields;
    size_t n_bytes = AROUND;

    (void)request;
    for (size_t i = 0; i < fields->n_inputs; i++)
        n_bytes += 1 + text_json_string_length(fields->inputs[i].text.bytes,
                                               fields->inputs[i].text.len_bytes);
    for (int type = 0; type < N_EMBEDDING_TYPES; type++) {
        if (fields->types & 1U << type)
            n_bytes +=
                fields->n_inputs * (1 + count_vector_bytes(fields, (enum embedding_type)type));
    }
    return (struct finish_bytes){.reply = n_bytes};
}

static void begin_reply(struct request *request, const struct fields *fields)
{
    struct text *text = &request->reply.body;

    text_append_string(text, "{\"id\":");
    text_append_json_or_null(text, request->id);
    text_append_string(text, ",\"response_type\":\"embeddings_by_type\",\"texts\":[");
    for (size_t i = 0; i < fields->n_inputs; i++) {
        text_append_string(text, i > 0 ? "," : "");
        text_append_json_string(text, fields->inputs[i].text.bytes,
                                fields->inputs[i].text.len_bytes);
    }
    text_append_string(text, "],");
}

void cohere_embed_start(struct request *request)
{
    embedding_start(request, decode_cohere_embed, count_bytes, begin_reply);
}

static void write_vector(struct text *text, const struct embedding *embedding,
                         enum embedding_type type, size_t i)
{
    const float *vector = embedding_get_vector(embedding, i);
    size_t n_dims = embedding->fields.n_dims;

    if (type == EMBEDDING_FLOAT)
        encode_floats(text, vector, n_dims);
    else if (type == EMBEDDING_BASE64)
        encode_base64(text, vector, n_dims);
    else
        encode_packed(text, (enum pack)(type - EMBEDDING_PACKED), vector, n_dims,
                      embedding_find_scale(embedding, i));
}

static void write_embeddings(struct text *text, const struct embedding *embedding)
{
    const char *separator = "";

    text_append_string(text, "\"embeddings\":{");
    for (int type = 0; type < N_EMBEDDING_TYPES; type++) {
        if (!(embedding->fields.types & 1U << type))
            continue;
        text_appendf(text, "%s\"%s\":[", separator, embedding_type_name((enum embedding_type)type));
        for (size_t i = 0; i < embedding->fields.n_inputs; i++) {
            text_append_string(text, i > 0 ? "," : "");
            write_vector(text, embedding, (enum embedding_type)type, i);
        }
        text_append_string(text, "]");
        separator = ",";
    }
    text_append_string(text, "}");
}

/* The client shows no headers, so what was cut is told here too. */
static void write_meta(struct text *text, const struct embedding *embedding)
{
    text_appendf(text,
                 "\"meta\":{\"api_version\":{\"version\":\"2\"},"
                 "\"billed_units\":{\"input_tokens\":%zu}",
                 embedding->tokens.n_tokens);
    if (embedding->n_truncated)
        text_appendf(text, ",\"warnings\":[\"%zu of %zu inputs were truncated\"]",
                     embedding->n_truncated, embedding->fields.n_inputs);
    text_append_string(text, "}");
}

void cohere_embed_finish(struct request *request)
{
    const struct embedding *embedding = embedding_finish(request);
    struct text *text = &request->reply.body;

    if (!embedding)
        return;
    respond_json(request);
    write_embeddings(text, embedding);
    text_append_string(text, ",");
    write_meta(text, embedding);
    text_append_string(text, "}");
}
