/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/openai.h"

#include "server/api/embed/embed_work.h"
#include "server/api/embed/inputs.h"
#include "server/api/embed/vector_json.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"
#include "server/text/utf8.h"

#include <string.h>

/* ---- embeddings ---- */

static bool decode_format(struct decoding *decoding, const struct body_object *object)
{
    struct slice format = {0};
    struct slice dtype = {0};

    if (!body_get_text(object, "encoding_format", &format, decoding->error) ||
        !body_get_text(object, "output_dtype", &dtype, decoding->error))
        return false;
    decoding->fields.base64 = slice_is(format, "base64");
    if (format.bytes && !decoding->fields.base64 && !slice_is(format, "float"))
        return decode_refuse_value(decoding, object, "encoding_format", format, "float, base64");
    if (!dtype.bytes || slice_is(dtype, "float"))
        return true;
    decoding->fields.packed = pack_parse(dtype, &decoding->fields.pack);
    return decoding->fields.packed || decode_refuse_value(decoding, object, "output_dtype", dtype,
                                                          "float, int8, uint8, binary, ubinary");
}

bool openai_read_embeddings(struct decoding *decoding, const struct body_object *root)
{
    static const char *const taken[] = {"truncate_prompt_tokens", NULL};

    return decode_refuse_foreign_but(decoding, root, taken) && decode_model(decoding, root) &&
           decode_input(decoding, body_get(root, "input"), "input", false) &&
           decode_dimensions(decoding, root) && decode_format(decoding, root) &&
           decode_truncate(decoding, root) && decode_prompt_tokens(decoding, root) &&
           decode_prompt(decoding, root) &&
           body_get_switch(root, "normalize", &decoding->fields.normalize, decoding->error);
}

static size_t count_vector_bytes(const struct fields *fields)
{
    if (!fields->packed)
        return fields->base64 ? vector_json_base64_max_bytes(fields->n_dims)
                              : vector_json_floats_max_bytes(fields->n_dims);
    return fields->base64 ? vector_json_packed_base64_max_bytes(fields->pack, fields->n_dims)
                          : vector_json_packed_max_bytes(fields->pack, fields->n_dims);
}

static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    enum { AROUND = 256, AROUND_VECTOR = 80 };
    const char *model = served_model_name(request->model);
    size_t vector_bytes = count_vector_bytes(&work->fields) + AROUND_VECTOR;

    return (struct finish_bytes){
        .reply = AROUND + buffer_json_string_length(model, strlen(model)) +
                 work->fields.n_inputs * vector_bytes +
                 vector_json_indices_max_bytes(work->n_truncated),
    };
}

enum route_outcome openai_embeddings_start(struct request *request)
{
    static const struct embed_route route = {
        .read = openai_read_embeddings,
        .count_bytes = count_bytes,
    };

    return embed_work_start(request, &route);
}

/* The model is the deployment in the path; what the body says of it has no meaning to Azure. */
static bool read_deployment(struct decoding *decoding, const struct body_object *root)
{
    if (!openai_read_embeddings(decoding, root))
        return false;
    decoding->fields.model = (struct slice){0};
    return true;
}

enum route_outcome openai_deployment_start(struct request *request)
{
    static const struct embed_route route = {
        .model_in_path = true,
        .read = read_deployment,
        .count_bytes = count_bytes,
    };
    static const char end[] = "/embeddings";
    struct slice name = {request->path_tail, strlen(request->path_tail)};
    struct served_model *model;

    if (name.len_bytes < sizeof(end) ||
        strcmp(name.bytes + name.len_bytes - (sizeof(end) - 1), end) != 0) {
        respond_problem(request, PROBLEM_NOT_FOUND, NULL,
                        "There is no %.100s of a deployment here; there is "
                        "/openai/deployments/NAME/embeddings",
                        excerpt_of(name).text);
        return ROUTE_ANSWERED;
    }
    name.len_bytes -= sizeof(end) - 1;
    model = server_find_model(request->server, name.bytes, name.len_bytes);
    if (model) {
        request->model = model;
        return embed_work_start(request, &route);
    }
    respond_problem(request, PROBLEM_MODEL_NOT_FOUND, "deployment",
                    "The deployment '%s' does not exist here. %s", excerpt_of(name).text,
                    server_describe_offer(request->server).text);
    return ROUTE_ANSWERED;
}

static void write_vector(struct buffer *buffer, const struct embed_work *work, size_t i)
{
    const struct fields *fields = &work->fields;
    const float *vector = embed_work_get_vector(work, i);

    if (fields->packed) {
        float scale = embed_work_find_scale(work, i);

        if (fields->base64)
            vector_json_packed_base64(buffer, fields->pack, vector, fields->n_dims, scale);
        else
            vector_json_packed(buffer, fields->pack, vector, fields->n_dims, scale);
    } else if (fields->base64) {
        vector_json_base64(buffer, vector, fields->n_dims);
    } else {
        vector_json_floats(buffer, vector, fields->n_dims);
    }
}

/* Truncated inputs are reported twice: all of them in "truncated", and in x-truncated-inputs as on
 * every route. Both are absent if nothing was truncated. */
void openai_embeddings_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *buffer = &request->reply.body;
    const char *model = served_model_name(request->model);

    if (!work)
        return;
    respond_json(request);
    buffer_append_string(buffer, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        buffer_appendf(buffer,
                       "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i > 0 ? "," : "",
                       i);
        write_vector(buffer, work, i);
        buffer_append_string(buffer, "}");
    }
    buffer_append_string(buffer, "],\"model\":");
    buffer_append_json_string(buffer, model, strlen(model));
    buffer_append_string(buffer, ",\"usage\":");
    embed_work_write_usage(work, buffer);
    if (work->n_truncated) {
        buffer_append_string(buffer, ",\"truncated\":");
        vector_json_indices(buffer, work->truncated, work->n_truncated);
    }
    buffer_append_string(buffer, "}");
}

/* ---- models ---- */

static void write_model(const struct server *server, struct buffer *buffer, const char *name,
                        size_t len_bytes)
{
    buffer_append_string(buffer, "{\"id\":");
    buffer_append_json_string(buffer, name, len_bytes);
    buffer_appendf(buffer, ",\"object\":\"model\",\"created\":%lld,\"owned_by\":\"nestd\"}",
                   (long long)server->created);
}

enum route_outcome openai_list_models(struct request *request)
{
    const struct server *server = request->server;
    struct buffer *buffer = &request->reply.body;
    const struct served_model *model;
    const char *name;

    respond_json(request);
    buffer_append_string(buffer, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; (name = server_list_name(server, i, &model)) != NULL; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_model(server, buffer, name, strlen(name));
    }
    buffer_append_string(buffer, "]}");
    return ROUTE_ANSWERED;
}

enum route_outcome openai_get_model(struct request *request)
{
    struct slice name = {request->path_tail, strlen(request->path_tail)};

    /* A path may have any bytes, and where every name is known they would be told again. */
    if (utf8_measure_valid(name.bytes, name.len_bytes) < name.len_bytes ||
        !server_find_model(request->server, name.bytes, name.len_bytes)) {
        respond_unknown_model(request, name);
        return ROUTE_ANSWERED;
    }
    respond_json(request);
    write_model(request->server, &request->reply.body, name.bytes, name.len_bytes);
    return ROUTE_ANSWERED;
}
