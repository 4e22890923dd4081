/* SPDX-License-Identifier: Apache-2.0 */

/* llama.cpp serves this at /embeddings too. That path is OpenAI's here, as it is in Text Embeddings
 * Inference and Infinity. */
#include "server/api/local/llama.h"

#include "server/api/embed/embed_work.h"
#include "server/api/embed/inputs.h"
#include "server/api/embed/vector_json.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

static void write_error(struct buffer *buffer, const struct request *request,
                        const struct api_error *error)
{
    const struct problem_row *row = problem_get_row(error->problem);

    (void)request;
    buffer_appendf(buffer, "{\"error\":{\"code\":%u,\"message\":", row->http_status);
    buffer_append_json_or_null(buffer, error->message);
    buffer_append_string(buffer, ",\"type\":");
    buffer_append_json_or_null(buffer, row->type);
    buffer_append_string(buffer, "}}");
}

const struct route_family llama_family = {
    .get_status = openai_get_status,
    .write_error = write_error,
};

/* -1: as the model gives them, 2: of length 1. Other norms would be of no use to anyone. */
static bool decode_norm(struct decoding *decoding, const struct body_object *root)
{
    const json_t *json = body_get_option(root, "embd_normalize");
    int64_t norm;

    if (!json)
        return true;
    if (!json_to_whole(json, &norm))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "embd_normalize",
                             "'embd_normalize' must be a whole number, but is %s",
                             body_type_name(json));
    if (norm != -1 && norm != 2)
        return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, "embd_normalize",
                             "'embd_normalize' is %s, but must be 2 (length 1) or -1 (not "
                             "normalised)",
                             json_number_text_of(json).text);
    decoding->fields.normalize = norm == 2;
    return true;
}

static bool read_embedding(struct decoding *decoding, const struct body_object *root)
{
    static const char *const taken[] = {"embd_normalize", NULL};
    const char *name = body_has(root, "content") ? "content" : "input";

    decoding->fields.normalize = true;
    if (body_has(root, "content") && body_has(root, "input"))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "input",
                             "'content' and 'input' exclude each other");
    if (!body_has(root, name))
        name = "content"; /* the one to be named as missing */
    return decode_refuse_foreign_but(decoding, root, taken) && decode_model(decoding, root) &&
           decode_input(decoding, body_get(root, name), name, true) &&
           decode_dimensions(decoding, root) && decode_truncate(decoding, root) &&
           decode_prompt(decoding, root) && decode_norm(decoding, root);
}

static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    enum { AROUND_VECTOR = 64 };
    size_t vector_bytes = vector_json_floats_max_bytes(work->fields.n_dims) + AROUND_VECTOR;

    (void)request;
    return (struct finish_bytes){.reply = 2 + work->fields.n_inputs * vector_bytes};
}

enum route_outcome llama_embedding_start(struct request *request)
{
    static const struct embed_route route = {.read = read_embedding, .count_bytes = count_bytes};

    return embed_work_start(request, &route);
}

/* Each embedding is a list of vectors: of one, since the model pools. */
void llama_embedding_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *buffer = &request->reply.body;

    if (!work)
        return;
    respond_json(request);
    buffer_append_string(buffer, "[");
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        buffer_appendf(buffer, "%s{\"index\":%zu,\"embedding\":[", i > 0 ? "," : "", i);
        vector_json_floats(buffer, embed_work_get_vector(work, i), work->fields.n_dims);
        buffer_append_string(buffer, "]}");
    }
    buffer_append_string(buffer, "]");
}
