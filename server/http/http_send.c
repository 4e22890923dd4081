/* SPDX-License-Identifier: Apache-2.0 */

/* Sends replies, and accounts for requests that have ended. */

#include "server/http/http_private.h"

#include "config/options.h"
#include "server/exchange/cors.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/route_family.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"
#include "server/observe/access_log.h"
#include "server/observe/metrics.h"
#include "server/text/log.h"
#include "server/trace/spans.h"

#include <stdlib.h>
#include <string.h>

/* nginx's number for a request whose client hung up before it was answered; never sent. */
enum { STATUS_CLIENT_GONE = 499 };

/* All values are ours, except the ID, which was checked: so false means short memory. */
static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static double to_ms(int64_t duration_us)
{
    return duration_us > 0 ? (double)duration_us / 1000 : 0;
}

/* The headers of every reply, whichever way it is sent. */
static void complete_headers(struct request *request)
{
    const struct job_group *group = &request->group;

    if (!request->id[0])
        request_id_choose(request->id, NULL);
    cors_add_headers(request);
    reply_add_header(&request->reply, "Server-Timing",
                     "tokenize;dur=%.3f, queue;dur=%.3f, encode;dur=%.3f, total;dur=%.3f",
                     to_ms(request->tokenize_us), to_ms(group->queue_us), to_ms(group->encode_us),
                     to_ms(clock_now_us() - request->began_us));
    if (request->route && request->route->family->add_headers)
        request->route->family->add_headers(request);
}

/* --max-connections, --max-connection-requests, --max-connection-age. */
static bool has_to_end(const struct http_link *link)
{
    const int64_t max_requests = link->http->server->options->max_connection_requests;

    return link->is_surplus || (max_requests > 0 && link->n_requests >= max_requests) ||
           (link->ends_us != INT64_MAX && clock_now_us() >= link->ends_us);
}

/* All or nothing: one of them may say that a text was truncated. */
static bool add_headers(struct MHD_Response *response, const struct request *request)
{
    const struct reply *reply = &request->reply;

    if (reply->content_type &&
        !add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type))
        return false;
    for (size_t i = 0; i < reply->n_headers; i++)
        if (!add_header(response, reply->headers[i].name, reply->headers[i].value))
            return false;
    /* So that clients and load balancers that keep connections move away (promise 8), or spread anew. */
    if ((request->server->state >= SERVER_DRAINING || has_to_end(request->link)) &&
        !add_header(response, MHD_HTTP_HEADER_CONNECTION, "close"))
        return false;
    return add_header(response, "x-request-id", request->id);
}

/* libmicrohttpd leaves out the body. */
static bool is_head(const struct request *request)
{
    return request->method && strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* Closes the connection, since there is no memory for an answer. */
static enum MHD_Result give_up(struct request *request)
{
    request->reply.http_status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    log_write(LOG_WARNING, "%s: closed without an answer: out of memory", request->id);
    return MHD_NO;
}

enum MHD_Result http_send(struct request *request)
{
    struct reply *reply = &request->reply;
    struct MHD_Response *response;
    enum MHD_Result result = MHD_NO;

    if (request_is_gone(request)) {
        if (request->server->state != SERVER_STOPPING) {
            if (reply->http_status < 400)
                reply->content_type = NULL; /* it is no refusal, and is not counted as one */
            reply->http_status = STATUS_CLIENT_GONE;
            return MHD_NO;
        }
        /* More likely it was given up by http_abandon, and its client may ask another server. */
        respond_status(request, STATUS_STOPPING);
    }
    if (!reply->http_status || (reply->http_status < 400 && buffer_failed(&reply->body)))
        respond_status(request, STATUS_NO_MEMORY);
    if (buffer_failed(&reply->body))
        buffer_release(&reply->body);
    request->n_reply_bytes = is_head(request) ? 0 : reply->body.len_bytes;
    response = MHD_create_response_from_buffer_with_free_callback(reply->body.len_bytes,
                                                                  reply->body.bytes, free);
    if (!response)
        return give_up(request);
    reply->body = (struct buffer){0};
    complete_headers(request);
    if (add_headers(response, request))
        result = MHD_queue_response(request->connection, reply->http_status, response);
    MHD_destroy_response(response);
    return result == MHD_YES ? result : give_up(request);
}

void http_send_directly(struct request *request)
{
    const struct reply *reply = &request->reply;
    struct buffer message = {0};

    complete_headers(request);
    request->n_reply_bytes = reply->body.len_bytes;
    buffer_appendf(&message, "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
                   reply->http_status, MHD_get_reason_phrase_for(reply->http_status),
                   reply->body.len_bytes);
    if (reply->content_type)
        buffer_appendf(&message, "Content-Type: %s\r\n", reply->content_type);
    buffer_appendf(&message, "x-request-id: %s\r\n", request->id);
    for (size_t i = 0; i < reply->n_headers; i++)
        buffer_appendf(&message, "%s: %s\r\n", reply->headers[i].name, reply->headers[i].value);
    buffer_append_string(&message, "\r\n");
    buffer_append(&message, reply->body.bytes, reply->body.len_bytes);
    /* A connection on which nothing was sent for a while takes this little in one piece. If not,
     * nothing more can be done for this client. */
    if (!buffer_failed(&message) && !http_write(request->link, message.bytes, message.len_bytes))
        log_write(LOG_DEBUG, "%s: the refusal could not be sent", request->id);
    buffer_release(&message);
}

/* libmicrohttpd does not report what it refuses by itself: headers that are malformed or too long.
 * Everything else that ended without an answer was broken off by the client. */
static unsigned unanswered_status(const struct request *request,
                                  enum MHD_RequestTerminationCode reason)
{
    if (request->stage == REQUEST_HEADER && !request->gone &&
        reason == MHD_REQUEST_TERMINATED_WITH_ERROR)
        return MHD_HTTP_BAD_REQUEST;
    return STATUS_CLIENT_GONE;
}

void http_account(struct request *request, enum MHD_RequestTerminationCode reason)
{
    if (!request->reply.http_status)
        request->reply.http_status = unanswered_status(request, reason);
    metrics_count_request(request->server->metrics, request);
    access_log_write(request);
    spans_add(request->server->spans, request);
}
