/* SPDX-License-Identifier: Apache-2.0 */

/* Connections as they begin and end, and replies that are sent past libmicrohttpd: where it takes
 * no reply, or cannot read the request.
 *
 * With TLS only the HTTP thread may send. A request that is too slow is refused on the watch's
 * thread all the same; the refusal then waits in the request (`unsent`) for the HTTP thread, which
 * the shutdown of the socket brings here: by the end of the stream (send_last), or, where the
 * client's bytes came first, by libmicrohttpd's closing of the connection (settle). */

#include "server/http/http_private.h"

#include "config/options.h"
#include "server/exchange/request.h"
#include "server/exchange/server.h"
#include "server/http/tls.h"
#include "server/http/watch.h"
#include "server/text/log.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Of the requests on this thread whose line was read. */
static _Thread_local LIST_HEAD(, http_link) unjudged = LIST_HEAD_INITIALIZER(unjudged);

void http_link_list(struct http_link *link)
{
    LIST_INSERT_HEAD(&unjudged, link, entry);
    link->is_listed = true;
}

void http_link_unlist(struct http_link *link)
{
    if (link->is_listed)
        LIST_REMOVE(link, entry);
    link->is_listed = false;
}

void http_link_receive(struct http_link *link)
{
    struct http *http = link->http;

    if (link->is_surplus)
        link->is_surplus = atomic_load(&http->server->n_connections) > http->capacity.n_connections;
    watch_enter(http->watch, link->watched, link->is_surplus ? WATCH_SURPLUS : WATCH_RECEIVING,
                link->request);
}

struct http_link *http_link_take_whole_header(void)
{
    struct http_link *link;

    LIST_FOREACH(link, &unjudged, entry)
    {
        if (http_header_is_whole(link->request)) {
            http_link_unlist(link);
            break;
        }
    }
    return link;
}

/* Sends the refusal that is still unsent, if there is one. On the HTTP thread. */
static void settle(struct http_link *link)
{
    struct request *request = link->request;

    if (!request)
        return;
    pthread_mutex_lock(&request->mutex);
    if (request->unsent) {
        request->unsent = false;
        http_send_directly(request);
    }
    pthread_mutex_unlock(&request->mutex);
}

void http_link_end_request(struct http_link *link, enum MHD_RequestTerminationCode reason)
{
    struct http *http = link->http;
    struct request *request = link->request;

    if (!request)
        return;
    settle(link);
    http_link_unlist(link);
    link->request = NULL;
    watch_enter(http->watch, link->watched, WATCH_IDLE, NULL);
    http_account(request, reason);
    request_free(request);
    atomic_fetch_sub(&http->server->n_unanswered, 1);
}

static void send_last(void *user)
{
    settle(user);
}

/* Not counted as a request, since no request was read. */
static void answer_plain(void *user)
{
    static const char reply[] =
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\n"
        "Content-Length: 133\r\n\r\n"
        "{\"error\":{\"message\":\"This port speaks TLS: use https:// instead of http://\","
        "\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}";
    struct http_link *link = user;

    watch_linger(link->http->watch, link->watched);
    if (send(link->socket, reply, sizeof reply - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_write(LOG_DEBUG, "a client that does not speak TLS could not be answered");
}

static const struct tls_callbacks tls_callbacks = {.is_plain = answer_plain, .ended = send_last};

static void *get_tls_session(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
}

static void link_free(struct http_link *link)
{
    if (!link)
        return;
    tls_session_end(link->tls);
    if (link->watched)
        watch_connection_end(link->http->watch, link->watched);
    free(link);
}

/* Whether a listener at the one address accepts at the other, which is of the same family. */
static bool takes_ipv4(const struct sockaddr_in *listener, const struct sockaddr_in *address)
{
    return address->sin_port == listener->sin_port &&
           (listener->sin_addr.s_addr == htonl(INADDR_ANY) ||
            listener->sin_addr.s_addr == address->sin_addr.s_addr);
}

static bool takes_ipv6(const struct sockaddr_in6 *listener, const struct sockaddr_in6 *address)
{
    return address->sin6_port == listener->sin6_port &&
           (IN6_IS_ADDR_UNSPECIFIED(&listener->sin6_addr) ||
            IN6_ARE_ADDR_EQUAL(&listener->sin6_addr, &address->sin6_addr));
}

/* The path may be a name that begins with a NUL. */
static bool takes_unix(const struct sockaddr_un *listener, const struct sockaddr_un *address)
{
    return memcmp(address->sun_path, listener->sun_path, sizeof address->sun_path) == 0;
}

static bool came_for_metrics(const struct http *http, int socket)
{
    const struct sockaddr_storage *metrics = &http->metrics_address;
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;

    if (metrics->ss_family == AF_UNSPEC || getsockname(socket, (struct sockaddr *)&address, &len) ||
        address.ss_family != metrics->ss_family)
        return false;
    if (address.ss_family == AF_UNIX)
        return takes_unix((const void *)metrics, (const void *)&address);
    return address.ss_family == AF_INET6
               ? takes_ipv6((const void *)metrics, (const void *)&address)
               : takes_ipv4((const void *)metrics, (const void *)&address);
}

/* Connections that began together do not end together, or their clients would all come back at once. */
static int64_t choose_end(const struct server *server)
{
    const double age_s = server->options->max_connection_age;

    if (age_s <= 0)
        return INT64_MAX;
    return clock_now_us() + (int64_t)(age_s * (0.9 + 0.2 * server->draw()) * 1e6);
}

/* NULL when memory is short. */
static struct http_link *link_new(struct http *http, struct MHD_Connection *connection, int socket,
                                  bool is_surplus)
{
    struct http_link *link = calloc(1, sizeof *link);

    if (!link)
        return NULL;
    link->http = http;
    link->socket = socket;
    link->is_for_metrics = came_for_metrics(http, socket);
    link->is_surplus = is_surplus;
    link->ends_us = choose_end(http->server);
    link->watched = watch_connection_begin(http->watch, socket);
    if (link->watched && http->tls)
        link->tls =
            tls_session_begin(http->tls, get_tls_session(connection), socket, &tls_callbacks, link);
    if (!link->watched || (http->tls && !link->tls)) {
        link_free(link);
        return NULL;
    }
    if (is_surplus)
        watch_enter(http->watch, link->watched, WATCH_SURPLUS, NULL);
    return link;
}

void http_link_notify(void *user, struct MHD_Connection *connection, void **link,
                      enum MHD_ConnectionNotificationCode code)
{
    struct http *http = user;
    int socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        size_t n_before = atomic_fetch_add(&http->server->n_connections, 1);

        *link = link_new(http, connection, socket, n_before >= http->capacity.n_connections);
        /* Without the watch it could stay open for ever. http_line_receive refuses what it has
         * already sent. */
        if (!*link)
            shutdown(socket, SHUT_RDWR);
    } else {
        /* 0.9.75 does not always report the end of a request before that of its connection. */
        if (*link)
            http_link_end_request(*link, MHD_REQUEST_TERMINATED_WITH_ERROR);
        link_free(*link);
        *link = NULL;
        atomic_fetch_sub(&http->server->n_connections, 1);
    }
}
