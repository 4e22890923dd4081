/* SPDX-License-Identifier: Apache-2.0 */

/* What Ollama tells of its models. nestd has each under all of its names; there is no file of one
 * whose size and digest could be told. */
#include "server/api/local/ollama.h"

#include "server/api/embed/decode.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <string.h>
#include <time.h>

/* "2026-11-27T17:00:00Z" */
static void write_time(struct buffer *buffer, time_t at)
{
    struct tm utc;
    char text[32] = "";

    if (gmtime_r(&at, &utc))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    buffer_appendf(buffer, "\"%s\"", text);
}

static void write_details(struct buffer *buffer, const struct engine_info *info)
{
    buffer_appendf(buffer,
                   "{\"parent_model\":\"\",\"format\":\"safetensors\",\"family\":\"embedding\","
                   "\"families\":[\"embedding\"],\"parameter_size\":\"\","
                   "\"quantization_level\":\"%s\"}",
                   info->dtype);
}

/* A model that is there, but for the end of its object. */
static void write_model(struct buffer *buffer, const struct engine_info *info, const char *name)
{
    buffer_append_string(buffer, "{\"name\":");
    buffer_append_json_string(buffer, name, strlen(name));
    buffer_append_string(buffer, ",\"model\":");
    buffer_append_json_string(buffer, name, strlen(name));
    buffer_append_string(buffer, ",\"size\":0,\"digest\":\"\",\"details\":");
    write_details(buffer, info);
}

static void write_listed(struct buffer *buffer, const struct server *server,
                         const struct engine_info *info)
{
    (void)info;
    buffer_append_string(buffer, ",\"modified_at\":");
    write_time(buffer, server->created);
    buffer_append_string(buffer, "}");
}

/* It is never unloaded: Ollama then tells the end of its longest duration, 292 years. */
static void write_running(struct buffer *buffer, const struct server *server,
                          const struct engine_info *info)
{
    const time_t longest_s = (time_t)(INT64_MAX / 1000000000);

    buffer_append_string(buffer, ",\"expires_at\":");
    write_time(buffer, server->created + longest_s);
    buffer_appendf(buffer, ",\"size_vram\":0,\"context_length\":%zu}", info->max_tokens);
}

static enum route_outcome
list(struct request *request, void (*write_rest)(struct buffer *buffer, const struct server *server,
                                                 const struct engine_info *info))
{
    const struct server *server = request->server;
    struct buffer *buffer = &request->reply.body;
    const struct engine_info *info;
    const struct served_model *model;
    const char *name;

    respond_json(request);
    buffer_append_string(buffer, "{\"models\":[");
    for (size_t i = 0; (name = server_list_name(server, i, &model)) != NULL; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        info = engine_get_info(atomic_load(&model->engine));
        write_model(buffer, info, name);
        write_rest(buffer, server, info);
    }
    buffer_append_string(buffer, "]}");
    return ROUTE_ANSWERED;
}

enum route_outcome ollama_list_models(struct request *request)
{
    return list(request, write_listed);
}

enum route_outcome ollama_list_running(struct request *request)
{
    return list(request, write_running);
}

enum route_outcome ollama_get_version(struct request *request)
{
    respond_text(request, "application/json", "{\"version\":\"" NESTD_VERSION "\"}");
    return ROUTE_ANSWERED;
}

/* ---- /api/show ---- */

/* The name, by which older clients call it, or the model. */
static bool read_name(struct decoding *decoding, const struct body_object *root)
{
    if (!decode_model(decoding, root))
        return false;
    if (!decoding->fields.model.bytes &&
        !body_get_text(root, "name", &decoding->fields.model, decoding->error))
        return false;
    if (!decoding->fields.model.bytes)
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "model",
                             "'model' is missing: it must be the model's name");
    return true;
}

static void write_shown(struct request *request)
{
    const struct engine_info *info = engine_get_info(atomic_load(&request->model->engine));
    const bool embeds = info->labels->n == 0 && !info->is_sparse; /* for /api/embed */
    struct buffer *buffer = &request->reply.body;

    respond_json(request);
    buffer_append_string(buffer,
                         "{\"modelfile\":\"\",\"parameters\":\"\",\"template\":\"\",\"details\":");
    write_details(buffer, info);
    buffer_appendf(buffer,
                   ",\"model_info\":{\"general.architecture\":\"embedding\","
                   "\"embedding.context_length\":%zu,\"embedding.embedding_length\":%zu},"
                   "\"capabilities\":[%s],\"modified_at\":",
                   info->max_tokens, info->n_dims, embeds ? "\"embedding\"" : "");
    write_time(buffer, request->server->created);
    buffer_append_string(buffer, "}");
}

enum route_outcome ollama_show_model(struct request *request)
{
    struct slice body = {request->body.bytes, request->body.len_bytes};
    struct served_model *model;
    struct fields fields;
    struct api_error error;

    if (!decode_body(body, request->model->limits, &request->memory, read_name, &fields, &error)) {
        respond_api_error(request, &error);
        return ROUTE_ANSWERED;
    }
    model = server_find_model(request->server, fields.model.bytes, fields.model.len_bytes);
    if (model) {
        request->model = model;
        write_shown(request);
    } else {
        respond_unknown_model(request, fields.model);
    }
    fields_release(&fields);
    return ROUTE_ANSWERED;
}
