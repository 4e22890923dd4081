/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/respond.h"

#include "server/exchange/cors.h"
#include "server/exchange/request.h"
#include "server/exchange/retry.h"
#include "server/exchange/route_family.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"

#include <stdarg.h>

enum {
    /* Loading takes seconds. A server that drains has a successor that serves already. */
    LOADING_S = 2,
    DRAINING_S = 1,
};

void respond_json(struct request *request)
{
    request->reply.http_status = 200;
    request->reply.content_type = "application/json";
}

void respond_text(struct request *request, const char *content_type, const char *text)
{
    request->reply.http_status = 200;
    request->reply.content_type = content_type;
    buffer_append_string(&request->reply.body, text);
}

/* How long until there is room again: what waits for any model has the same workers. */
static double estimate_room_s(const struct server *server)
{
    double estimate_s = 0;

    for (size_t i = 0; i < server->n_models; i++) {
        struct engine *engine = atomic_load(&server->models[i].engine);
        struct engine_stats stats = {0};

        if (engine)
            engine_get_stats(engine, &stats);
        if (stats.queued_tokens > 0)
            estimate_s += retry_estimate_s(stats.queued_tokens, stats.tokens_per_second);
    }
    return estimate_s;
}

static void add_retry_headers(struct request *request, double estimate_s)
{
    struct retry retry = retry_spread(estimate_s, request->server->draw());

    reply_add_header(&request->reply, "Retry-After", "%u", retry.seconds);
    reply_add_header(&request->reply, "retry-after-ms", "%u", retry.ms);
}

static void add_problem_headers(struct request *request, enum problem problem)
{
    struct reply *reply = &request->reply;

    switch (problem) {
    case PROBLEM_METHOD_NOT_ALLOWED:
        reply_add_header(reply, "Allow", "%s", cors_name_methods(request).text);
        break;
    case PROBLEM_INVALID_API_KEY:
        reply_add_header(reply, "WWW-Authenticate", "Bearer");
        break;
    case PROBLEM_OVERLOADED:
        add_retry_headers(request, estimate_room_s(request->server));
        break;
    case PROBLEM_LOADING:
        add_retry_headers(request, LOADING_S);
        break;
    case PROBLEM_DRAINING:
        add_retry_headers(request, DRAINING_S);
        break;
    default:
        break;
    }
}

void respond_api_error(struct request *request, const struct api_error *error)
{
    const struct route_family *family = request->route ? request->route->family : &openai_family;
    struct reply *reply = &request->reply;

    reply_release(reply);
    reply->http_status = family->get_status(problem_get_row(error->problem));
    reply->problem = error->problem;
    reply->content_type = "application/json";
    add_problem_headers(request, error->problem);
    family->write_error(&reply->body, request, error);
}

void respond_problem(struct request *request, enum problem problem, const char *param,
                     const char *format, ...)
{
    struct api_error error;
    va_list arguments;

    va_start(arguments, format);
    api_error_set_va(&error, problem, param, format, arguments);
    va_end(arguments);
    respond_api_error(request, &error);
}

void respond_unknown_model(struct request *request, struct slice name)
{
    respond_problem(request, PROBLEM_MODEL_NOT_FOUND, "model",
                    "The model '%s' is not served here. %s", excerpt_of(name).text,
                    server_describe_offer(request->server).text);
}

void respond_status(struct request *request, enum status status)
{
    struct api_error error;

    switch (status) {
    case STATUS_OVERLOADED:
        respond_problem(
            request, PROBLEM_OVERLOADED, NULL,
            "The server is at capacity. Retry after the number of seconds in Retry-After");
        break;
    case STATUS_STOPPING:
        respond_problem(request, PROBLEM_DRAINING, NULL,
                        "The server is stopping. Send the request to another one");
        break;
    case STATUS_CANCELLED: /* nobody reads this; it is counted as a request that was too slow */
        respond_problem(request, PROBLEM_REQUEST_TIMEOUT, NULL, "The client has hung up");
        break;
    case STATUS_NOT_FINITE:
        respond_problem(request, PROBLEM_VECTOR_NOT_FINITE, NULL,
                        "A vector holds a number that is not finite");
        break;
    case STATUS_NO_MEMORY:
        if (memory_is_refused(&request->memory))
            api_error_of_memory(&request->memory, &error);
        else
            api_error_set_no_memory(&error);
        respond_api_error(request, &error);
        break;
    default:
        respond_problem(request, PROBLEM_INTERNAL_ERROR, NULL,
                        "The server failed to encode this request");
        break;
    }
}
