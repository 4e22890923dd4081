/* SPDX-License-Identifier: Apache-2.0 */

/* Times are in nanoseconds, as Ollama gives them. `keep_alive` and `options` are about loading a
 * model and generating text, and are ignored, but for options.num_ctx. */
#include "server/api/local/ollama.h"

#include "server/api/embed/embed_work.h"
#include "server/api/embed/inputs.h"
#include "server/api/embed/vector_json.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <inttypes.h>
#include <string.h>

static void write_error(struct buffer *buffer, const struct request *request,
                        const struct api_error *error)
{
    (void)request;
    buffer_append_string(buffer, "{\"error\":");
    buffer_append_json_or_null(buffer, error->message);
    buffer_append_string(buffer, "}");
}

const struct route_family ollama_family = {
    .get_status = openai_get_status,
    .write_error = write_error,
};

/* How many tokens of a text are read, special tokens included: at least 4 to Ollama, and no more than
 * the model takes. */
static bool decode_context(struct decoding *decoding, const struct body_object *root)
{
    enum { MIN = 4 };
    struct body_object options;
    const json_t *json;
    int64_t n;

    if (!body_get_object(root, "options", &options, decoding->error))
        return false;
    json = body_get_option(&options, "num_ctx");
    if (!json)
        return true;
    if (!json_to_whole(json, &n))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "options.num_ctx",
                             "'options.num_ctx' must be a whole number, but is %s",
                             body_type_name(json));
    n = n < MIN ? MIN : n;
    if ((uint64_t)n < decoding->fields.max_tokens)
        decoding->fields.max_tokens = (size_t)n;
    return true;
}

/* Ollama always gives vectors of length 1 here, whatever the model's own are. */
static bool read_embed(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.normalize = true;
    return decode_refuse_foreign(decoding, root) && decode_model(decoding, root) &&
           decode_input(decoding, body_get(root, "input"), "input", false) &&
           decode_dimensions(decoding, root) && decode_truncate(decoding, root) &&
           decode_prompt(decoding, root) && decode_context(decoding, root);
}

static bool read_embeddings(struct decoding *decoding, const struct body_object *root)
{
    const json_t *prompt = body_get(root, "prompt");

    if (json_is_array(prompt))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "prompt",
                             "'prompt' must be a text, but is a list: /api/embed takes lists");
    return decode_refuse_foreign(decoding, root) && decode_model(decoding, root) &&
           decode_texts(decoding, prompt, "prompt", NULL, NULL) && decode_context(decoding, root);
}

static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    enum { AROUND = 256 };
    const char *model = served_model_name(request->model);

    return (struct finish_bytes){
        .reply = AROUND + buffer_json_string_length(model, strlen(model)) +
                 work->fields.n_inputs * (1 + vector_json_floats_max_bytes(work->fields.n_dims)),
    };
}

enum route_outcome ollama_embed_start(struct request *request)
{
    static const struct embed_route route = {.read = read_embed, .count_bytes = count_bytes};

    return embed_work_start(request, &route);
}

void ollama_embed_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *buffer = &request->reply.body;
    const char *model = served_model_name(request->model);

    if (!work)
        return;
    respond_json(request);
    buffer_append_string(buffer, "{\"model\":");
    buffer_append_json_string(buffer, model, strlen(model));
    buffer_append_string(buffer, ",\"embeddings\":[");
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        vector_json_floats(buffer, embed_work_get_vector(work, i), work->fields.n_dims);
    }
    buffer_appendf(
        buffer, "],\"total_duration\":%" PRId64 ",\"load_duration\":0,\"prompt_eval_count\":%zu}",
        (clock_now_us() - request->began_us) * 1000, work->tokens.n_tokens);
}

enum route_outcome ollama_embeddings_start(struct request *request)
{
    static const struct embed_route route = {.read = read_embeddings, .count_bytes = count_bytes};

    return embed_work_start(request, &route);
}

void ollama_embeddings_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *buffer = &request->reply.body;

    if (!work)
        return;
    respond_json(request);
    buffer_append_string(buffer, "{\"embedding\":");
    vector_json_floats(buffer, embed_work_get_vector(work, 0), work->fields.n_dims);
    buffer_append_string(buffer, "}");
}
