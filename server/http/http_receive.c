/* SPDX-License-Identifier: Apache-2.0 */

/* A request's way through libmicrohttpd, on the HTTP thread: it is routed by its header, gathered,
 * and handed to the pool or answered. Nothing here waits.
 *
 * REFUSALS. What the header shows to be wrong is refused before a byte of the body is read. How the
 * refusal reaches the client depends on what the client still has to send:
 *
 *   nothing, or up to 64 KiB    the rest is read and dropped, then the reply is sent like any
 *                               other, and the connection is kept
 *   more, an unknown length,    the reply is sent at once and ends the connection, which then
 *   or it waits for a 100       lingers (watch.h)
 *
 * Two refusals come later: a chunked body grows over a limit, or memory is short. libmicrohttpd
 * takes no reply in the middle of a body, so this one is written to the socket directly, and the
 * connection is closed and lingers.
 *
 * A header that leaves it uncertain where the request ends (http_framing.h) is also refused at
 * once. libmicrohttpd refuses some such headers without telling us, and 0.9.75 sends its reply's
 * header twice. But it writes to its log first, and that is when we answer.
 *
 * While a request is RECEIVING, the watch may answer 408 in its place. So until then the reply is
 * written under the request's mutex; a request that is gone has been answered by the watch. */

#include "server/http/http_private.h"

#include "config/options.h"
#include "server/exchange/cors.h"
#include "server/exchange/nearest.h"
#include "server/exchange/pool.h"
#include "server/exchange/request.h"
#include "server/exchange/request_submit.h"
#include "server/exchange/respond.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"
#include "server/http/authorize.h"
#include "server/http/watch.h"
#include "server/text/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    MAX_READ_AND_DROPPED = 64 << 10,
    MIN_GROWTH_BYTES = 4 << 10,
};

static bool is_full(const struct server *server)
{
    return atomic_load(&server->n_requests) >= (size_t)server->options->max_concurrent_requests;
}

static void refuse_full(struct request *request)
{
    respond_problem(request, PROBLEM_OVERLOADED, NULL,
                    "The server already handles %" PRId64 " requests, its maximum "
                    "(--max-concurrent-requests). Retry after the number of seconds in Retry-After",
                    request->server->options->max_concurrent_requests);
}

static void refuse_surplus(struct request *request)
{
    const struct server *server = request->server;

    respond_problem(request, PROBLEM_OVERLOADED, NULL,
                    "The server already has %zu connections, its maximum (%s). Retry after the "
                    "number of seconds in Retry-After",
                    server->max_connections,
                    server->max_connections < (size_t)server->options->max_connections
                        ? "for want of more open files"
                        : "--max-connections");
}

static void refuse_long(struct request *request)
{
    respond_problem(request, PROBLEM_PAYLOAD_TOO_LARGE, NULL,
                    "The body is longer than the %" PRId64 " bytes that are allowed "
                    "(--payload-limit)",
                    request->server->options->payload_limit);
}

/* Whether the body is plain JSON, by its header. An absent type counts as JSON. */
static bool check_body_type(struct request *request)
{
    struct slice coding =
        http_header_find_other(request, MHD_HTTP_HEADER_CONTENT_ENCODING, "identity");
    struct slice type =
        http_header_find_other(request, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");

    if (coding.bytes) {
        respond_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL,
                        "Content-Encoding is '%s', but nestd accepts only bodies without one: send "
                        "it uncompressed",
                        excerpt_of(coding).text);
        reply_add_header(&request->reply, MHD_HTTP_HEADER_ACCEPT_ENCODING, "identity");
    } else if (type.bytes) {
        respond_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL,
                        "Content-Type is '%s', but nestd accepts only JSON: send the header "
                        "Content-Type: application/json",
                        excerpt_of(type).text);
    }
    return !coding.bytes && !type.bytes;
}

/* Reserves the memory that decoding a body of this length usually takes: as much again for its
 * texts, and once more for the longest of them. Otherwise many bodies could be let in, and then
 * none of them be decoded. */
static bool reserve_decoding(struct request *request, size_t n_body_bytes)
{
    return memory_set_reserve(&request->memory, 2 * n_body_bytes);
}

/* A body of known length gets all its memory before a byte of it is read. */
static void reserve_body(struct request *request, size_t n_body_bytes)
{
    if (buffer_set_capacity(&request->body, n_body_bytes) &&
        reserve_decoding(request, n_body_bytes))
        return;
    buffer_release(&request->body);
    respond_status(request, STATUS_NO_MEMORY);
}

/* Refuses what cannot be accepted now, or ever. */
static void check_acceptable(struct request *request, uint64_t n_body_bytes)
{
    const struct server *server = request->server;
    const struct route *route = request->route;

    if (server->state == SERVER_STOPPING)
        respond_status(request, STATUS_STOPPING);
    else if (n_body_bytes != UINT64_MAX && n_body_bytes > (uint64_t)server->options->payload_limit)
        refuse_long(request);
    else if (route->method == METHOD_POST && !check_body_type(request))
        return;
    else if (route->needs_model && !server_is_loaded(server))
        respond_problem(request, PROBLEM_LOADING, NULL, "%s", server_describe_delay(server).text);
    else if (route->method == METHOD_POST && is_full(server))
        refuse_full(request);
    else if (route->method == METHOD_POST && n_body_bytes > 0 && n_body_bytes != UINT64_MAX)
        reserve_body(request, (size_t)n_body_bytes);
}

static void refuse_path(struct request *request, const char *path)
{
    const char *nearest = nearest_path(request->server->routes, path);

    if (request->link->is_for_metrics)
        respond_problem(request, PROBLEM_NOT_FOUND, NULL,
                        "There is no %.100s here: this port has /metrics alone (--prometheus-port)",
                        path);
    else if (nearest)
        respond_problem(request, PROBLEM_NOT_FOUND, NULL, "There is no %.100s here; there is %s",
                        path, nearest);
    else
        respond_problem(request, PROBLEM_NOT_FOUND, NULL,
                        "There is no %.100s here; /docs lists what there is", path);
}

/* Answers what the header shows to be wrong, and browsers' preflights. A client without a key
 * learns no more than that. Under the request's mutex. */
static void check_header(struct request *request, const char *path, const char *method,
                         unsigned allowed, uint64_t n_body_bytes)
{
    const struct route *route = request->route;
    const struct key_headers keys = {
        .authorization = http_header_get(request, MHD_HTTP_HEADER_AUTHORIZATION),
        .x_api_key = http_header_get(request, "X-Api-Key"),
        .api_key = http_header_get(request, "api-key"),
    };

    if (!route)
        refuse_path(request, path);
    else if (request->link->is_surplus && !route->is_probe)
        refuse_surplus(request);
    else if (http_line_method_bit(method) == METHOD_OPTIONS && cors_is_on(request->server->options))
        cors_answer_preflight(request);
    else if (allowed)
        respond_problem(request, PROBLEM_METHOD_NOT_ALLOWED, NULL,
                        "%.20s is not a method of %s: see Allow", method, route->path);
    else if (authorize(request, &keys))
        check_acceptable(request, n_body_bytes);
}

/* Reads what the header asks for. The route, if the path is known, decides in which shape refusals
 * are written. Returns the methods that the path takes instead. Under the request's mutex. */
static unsigned read_header(struct request *request, const char *path, const char *method)
{
    unsigned allowed;

    request_id_choose(request->id, http_header_get(request, "x-request-id"));
    trace_context_parse(http_header_get(request, "traceparent"), &request->trace);
    request->method = http_line_name_method(method);
    request->origin = http_header_get(request, MHD_HTTP_HEADER_ORIGIN);
    request->route =
        routes_find(request->server->routes, path, http_line_method_bit(method), &allowed);
    if (request->link->is_for_metrics && strcmp(path, "/metrics") != 0)
        request->route = NULL;
    request->stage = REQUEST_GATHERING;
    return allowed;
}

/* Sends the refusal now, which ends the connection: nothing after the header is read. */
static enum MHD_Result refuse_now(struct http *http, struct request *request)
{
    watch_enter(http->watch, request->link->watched, WATCH_SENDING, NULL);
    if (request_is_gone(request))
        return MHD_NO;
    watch_linger(http->watch, request->link->watched);
    return http_send(request);
}

/* The header is complete. */
static enum MHD_Result begin(struct http *http, struct request *request, const char *method)
{
    const char *path = http_line_find_path(request);
    uint64_t n_body_bytes = UINT64_MAX;
    struct api_error error;
    bool framed = false, refused, gone;
    unsigned allowed;

    http_link_unlist(request->link);
    pthread_mutex_lock(&request->mutex);
    gone = request->gone;
    if (!gone) {
        allowed = read_header(request, path, method);
        framed = http_header_judge(request, method, &n_body_bytes, &error);
        if (framed)
            check_header(request, path, method, allowed, n_body_bytes);
        else
            respond_api_error(request, &error);
    }
    refused = request->reply.http_status != 0;
    pthread_mutex_unlock(&request->mutex);
    if (gone)
        return MHD_NO;
    if (!framed)
        return refuse_now(http, request);

    request->path_tail = route_find_tail(request->route, path);
    /* A reply that is queued now ends the connection. If there is no body, it waits for the second
     * call, which follows at once. */
    if (!refused || n_body_bytes == 0 ||
        (n_body_bytes <= MAX_READ_AND_DROPPED && !http_header_get(request, MHD_HTTP_HEADER_EXPECT)))
        return MHD_YES;
    return refuse_now(http, request);
}

/* The reply cannot wait for the end of the body. */
static enum MHD_Result break_off(struct http *http, struct request *request)
{
    watch_linger(http->watch, request->link->watched);
    http_send_directly(request);
    return MHD_NO;
}

void http_receive_speak_first(void)
{
    struct http_link *link = http_link_take_whole_header();
    struct request *request = link ? link->request : NULL;
    uint64_t n_body_bytes;
    struct api_error error;
    unsigned allowed;

    if (!request || http_header_judge(request, NULL, &n_body_bytes, &error))
        return;
    watch_enter(link->http->watch, link->watched, WATCH_SENDING, NULL);
    if (request_is_gone(request))
        return;
    request_id_choose(request->id, http_header_get(request, "x-request-id"));
    /* For its family: no method is known. */
    request->route =
        routes_find(request->server->routes, http_line_find_path(request), 0, &allowed);
    respond_api_error(request, &error);
    break_off(link->http, request);
    /* What libmicrohttpd sends now is dropped. */
    shutdown(link->socket, SHUT_WR);
    request_gone(request);
}

/* A chunked body grows by half, so that it is moved only a few times; a body of known length has
 * its memory already. */
static bool make_room(struct request *request, size_t len_bytes)
{
    struct buffer *body = &request->body;
    size_t max_bytes = (size_t)request->server->options->payload_limit;
    size_t capacity_bytes = body->capacity_bytes + body->capacity_bytes / 2 + MIN_GROWTH_BYTES;

    if (len_bytes <= body->capacity_bytes - body->len_bytes)
        return true;
    if (capacity_bytes < body->len_bytes + len_bytes)
        capacity_bytes = body->len_bytes + len_bytes;
    return buffer_set_capacity(body, capacity_bytes < max_bytes ? capacity_bytes : max_bytes);
}

/* A part of the body has arrived. */
static enum MHD_Result gather(struct http *http, struct request *request, const char *bytes,
                              size_t len_bytes)
{
    size_t max_bytes = (size_t)request->server->options->payload_limit;
    bool refused, gone;

    pthread_mutex_lock(&request->mutex);
    gone = request->gone;
    refused = request->reply.http_status != 0;
    pthread_mutex_unlock(&request->mutex);
    request->n_body_bytes += len_bytes;
    if (gone)
        return MHD_NO;
    if (refused)
        return MHD_YES;

    if (request->n_body_bytes <= max_bytes) {
        if (request->route->method == METHOD_GET) /* it is ignored */
            return MHD_YES;
        if (make_room(request, len_bytes)) {
            buffer_append(&request->body, bytes, len_bytes);
            return MHD_YES;
        }
    }
    watch_enter(http->watch, request->link->watched, WATCH_SENDING, NULL);
    if (request_is_gone(request))
        return MHD_NO;
    if (buffer_failed(&request->body))
        respond_status(request, STATUS_NO_MEMORY);
    else
        refuse_long(request);
    buffer_release(&request->body);
    return break_off(http, request);
}

/* libmicrohttpd (0.9.75, 1.0.1) reads from a connection that was resumed before it calls us, and
 * closes it if that is the end of the stream: a client that has sent everything and shut its sending
 * side would get no reply. But connections with a time-out of their own are looked at before any is
 * read from, and we are called then. So one that sleeps has one, until its reply is there. With TLS,
 * which has no epoll, it changes nothing: a stream that ends ends the session (tls.c). */
static void call_before_reading(const struct http *http, struct MHD_Connection *connection, bool on)
{
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                              http->timeout_s + (on ? 1 : 0));
}

/* Hands a request to the pool; the connection sleeps until http_resume. False if it was refused
 * instead. */
static bool enqueue(struct http *http, struct request *request)
{
    struct server *server = http->server;
    size_t n_before;

    if (!reserve_decoding(request, request->body.len_bytes)) {
        respond_status(request, STATUS_NO_MEMORY);
        return false;
    }
    request->reply.body.memory = &request->memory;

    /* Count first, then look at the state: so either it is refused here, or http_abandon waits. */
    atomic_fetch_add(&http->n_suspended, 1);
    n_before = atomic_fetch_add(&server->n_requests, 1);
    if (server->state == SERVER_STOPPING)
        respond_status(request, STATUS_STOPPING);
    else if (n_before >= (size_t)server->options->max_concurrent_requests)
        refuse_full(request);
    if (request->reply.http_status) {
        atomic_fetch_sub(&server->n_requests, 1);
        atomic_fetch_sub(&http->n_suspended, 1);
        return false;
    }
    request->stage = REQUEST_QUEUED;
    watch_enter(http->watch, request->link->watched, WATCH_WORKING, request);
    call_before_reading(http, request->connection, true);
    MHD_suspend_connection(request->connection);
    pool_push(server->pool, request);
    return true;
}

/* The body is complete. */
static enum MHD_Result finish(struct http *http, struct request *request)
{
    watch_enter(http->watch, request->link->watched, WATCH_SENDING, NULL);
    if (request_is_gone(request))
        return MHD_NO;
    request->gathered_us = clock_now_us();
    if (!request->reply.http_status) {
        if (request->route->method == METHOD_GET)
            (void)request->route->start(request); /* which answers */
        else if (enqueue(http, request))
            return MHD_YES;
    }
    request->stage = REQUEST_READY;
    return http_send(request);
}

enum MHD_Result http_receive(void *user, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload_data,
                             size_t *upload_len, void **context)
{
    struct http *http = user;
    struct request *request = *context;
    size_t len_bytes = *upload_len;

    (void)url;
    (void)version;
    if (!request)
        return MHD_NO; /* memory was short when its line arrived */
    *upload_len = 0;   /* everything is taken */
    switch (request->stage) {
    case REQUEST_HEADER:
        return begin(http, request, method);
    case REQUEST_GATHERING:
        return len_bytes ? gather(http, request, upload_data, len_bytes) : finish(http, request);
    case REQUEST_READY:
        call_before_reading(http, connection, false);
        watch_enter(http->watch, request->link->watched, WATCH_SENDING, NULL);
        return http_send(request);
    default:
        return MHD_NO; /* not called for a suspended connection */
    }
}
