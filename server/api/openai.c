/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/openai.h"

#include "server/api/embed/embedding.h"
#include "server/api/embed/encode.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <string.h>

static size_t count_vector_bytes(const struct fields *fields)
{
    if (!fields->packed)
        return fields->base64 ? encode_base64_max_bytes(fields->n_dims)
                              : encode_floats_max_bytes(fields->n_dims);
    return fields->base64 ? encode_packed_base64_max_bytes(fields->pack, fields->n_dims)
                          : encode_packed_max_bytes(fields->pack, fields->n_dims);
}

static struct finish_bytes count_bytes(const struct request *request,
                                       const struct embedding *embedding)
{
    enum { AROUND = 256, AROUND_VECTOR = 80 };
    const char *model = server_model_name(request->server);
    size_t vector_bytes = count_vector_bytes(&embedding->fields) + AROUND_VECTOR;

    return (struct finish_bytes){
        .reply = AROUND + text_json_string_length(model, strlen(model)) +
                 embedding->fields.n_inputs * vector_bytes +
                 encode_indices_max_bytes(embedding->n_truncated),
    };
}

void openai_embeddings_start(struct request *request)
{
    embedding_start(request, decode_embeddings, count_bytes, NULL);
}

static void write_vector(struct text *text, const struct embedding *embedding, size_t i)
{
    const struct fields *fields = &embedding->fields;
    const float *vector = embedding_get_vector(embedding, i);

    if (fields->packed) {
        float scale = embedding_find_scale(embedding, i);

        if (fields->base64)
            encode_packed_base64(text, fields->pack, vector, fields->n_dims, scale);
        else
            encode_packed(text, fields->pack, vector, fields->n_dims, scale);
    } else if (fields->base64) {
        encode_base64(text, vector, fields->n_dims);
    } else {
        encode_floats(text, vector, fields->n_dims);
    }
}

/* Truncated inputs are told twice: all of them in "truncated", and in x-truncated-inputs as on
 * every route. Both are absent where nothing was cut. */
void openai_embeddings_finish(struct request *request)
{
    const struct embedding *embedding = embedding_finish(request);
    struct text *text = &request->reply.body;
    const char *model = server_model_name(request->server);

    if (!embedding)
        return;
    respond_json(request);
    text_append_string(text, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < embedding->fields.n_inputs; i++) {
        text_appendf(
            text, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i > 0 ? "," : "", i);
        write_vector(text, embedding, i);
        text_append_string(text, "}");
    }
    text_append_string(text, "],\"model\":");
    text_append_json_string(text, model, strlen(model));
    text_append_string(text, ",\"usage\":");
    embedding_write_usage(embedding, text);
    if (embedding->n_truncated) {
        text_append_string(text, ",\"truncated\":");
        encode_indices(text, embedding->truncated, embedding->n_truncated);
    }
    text_append_string(text, "}");
}

/* ---- models ---- */

static void write_model(const struct server *server, struct text *text, const char *name,
                        size_t len_bytes)
{
    text_append_string(text, "{\"id\":");
    text_append_json_string(text, name, len_bytes);
    text_appendf(text, ",\"object\":\"model\",\"created\":%lld,\"owned_by\":\"nestd\"}",
                 (long long)server->created);
}

void openai_list_models(struct request *request)
{
    const struct server *server = request->server;
    struct text *text = &request->reply.body;
    const char *name;

    respond_json(request);
    text_append_string(text, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; (name = server_list_name(server, i)) != NULL; i++) {
        text_append_string(text, i > 0 ? "," : "");
        write_model(server, text, name, strlen(name));
    }
    text_append_string(text, "]}");
}

void openai_get_model(struct request *request)
{
    struct slice name = {request->path_tail, strlen(request->path_tail)};

    if (!server_knows_model(request->server, name.bytes, name.len_bytes)) {
        respond_problem(request, PROBLEM_MODEL_NOT_FOUND, "model",
                        "The model '%s' is not served here. This server's model is '%s'",
                        excerpt_of(name).text, server_model_name(request->server));
        return;
    }
    respond_json(request);
    write_model(request->server, &request->reply.body, name.bytes, name.len_bytes);
}
