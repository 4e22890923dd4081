/* SPDX-License-Identifier: Apache-2.0 */

/* The life of libmicrohttpd's daemon and of connections. Threads:
 *
 *   listener   accepts, and hands connections to the HTTP threads         listener.c
 *   HTTP       libmicrohttpd's: the other http_*.c; never wait
 *   watch      deadlines and hang-ups                                      watch.c
 *   request    the pool; ends in http_resume()                             pool.c
 *
 * Counters, in the order in which they rise and fall for a request:
 *
 *   server->n_unanswered  request line read .. reply handed to the kernel, or connection lost
 *   server->n_requests    body complete .. reply complete; --max-concurrent-requests bounds it
 *   n_suspended           body complete .. connection resumed; libmicrohttpd must not be
 *                         stopped before */

#include "server/http/http.h"

#include "server/http/http_private.h"

#include "config/options.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"
#include "server/http/inherited.h"
#include "server/http/listener.h"
#include "server/http/tls.h"
#include "server/http/watch.h"
#include "server/observe/metrics.h"
#include "server/observe/process_readings.h"
#include "server/text/log.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    /* Header and reading; a body comes in parts of half of it. Half is for the header's bytes, the
     * rest for what libmicrohttpd keeps of its fields (72 bytes each) and for the reply's header.
     * All of it is resident after a connection's first request (libmicrohttpd clears it): 3000 idle
     * ones took 146 MB. */
    CONNECTION_MEMORY_BYTES = 2 * HTTP_MAX_HEADER_BYTES,
    LINGERING_US = 30 * 1000000,
    MAX_REFUSING_US = 1000000,
    WARNING_PAUSE_US = 60 * 1000000,
    /* Connections on their way from listener to HTTP thread; libmicrohttpd's own limit leaves room
     * for them, since it would close what is over it. */
    CONNECTIONS_ON_THE_WAY = 1024,
    ASSUMED_FILES = 32, /* open before the first connection, where /proc does not tell */
};

__attribute__((format(printf, 2, 0))) static void log_library(void *user, const char *format,
                                                              va_list arguments)
{
    (void)user;
    log_write_va(LOG_DEBUG, format, arguments);
    http_receive_speak_first();
}

static void log_panic(void *user, const char *file, unsigned line, const char *reason)
{
    (void)user;
    log_write(LOG_ERROR, "libmicrohttpd gave up at %s:%u: %s", file, line, reason ? reason : "");
    abort();
}

static int64_t to_us(double seconds)
{
    return (int64_t)(seconds * 1e6);
}

/* The header or body came too slowly: answers 408, unless the request was already refused for
 * another reason. On the watch's thread. */
static void answer_slow(struct request *request)
{
    pthread_mutex_lock(&request->mutex);
    request->gone = true;
    if (!request->reply.http_status)
        respond_problem(request, PROBLEM_REQUEST_TIMEOUT, NULL,
                        "The request did not arrive within %g s (--request-timeout)",
                        request->server->options->request_timeout);
    if (request->server->tls)
        request->unsent = true;
    else
        http_send_directly(request);
    pthread_mutex_unlock(&request->mutex);
}

/* Whether a client whose stream has ended still waits. It is sent a 100: a waiting client ignores
 * that (RFC 9110, 15.2), a closed one resets the connection. HTTP/1.0 has no 100, so such a client
 * is assumed to wait. With TLS nothing can be sent on this thread, and there ending the stream is
 * how clients close, not how they wait: up to TLS 1.2 the peer had to close as well (RFC 5246,
 * 7.2.1). On the watch's thread. */
static bool ask_whether_there(struct request *request)
{
    static const char question[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (request->server->tls)
        return false;
    return request->is_http_1_0 || http_write(request->link, question, sizeof question - 1);
}

/* A request has ended: its reply was sent, or its connection is lost. */
static void notify_completed(void *user, struct MHD_Connection *connection, void **context,
                             enum MHD_RequestTerminationCode reason)
{
    struct request *request = *context;

    (void)user;
    (void)connection;
    if (request)
        http_link_end_request(request->link, reason);
    *context = NULL;
}

static bool has_room(void *user)
{
    const struct http *http = user;
    const struct capacity *capacity = &http->capacity;

    return atomic_load(&http->server->n_connections) <
           capacity->n_connections + capacity->n_for_probes;
}

static bool has_room_for_metrics(void *user)
{
    const struct http *http = user;
    const struct capacity *capacity = &http->capacity;

    return atomic_load(&http->server->n_connections) <
           capacity->n_connections + capacity->n_for_probes + capacity->n_for_metrics;
}

/* At most once a minute, so that a client which opens many connections cannot fill the log. */
static void warn_refused(struct http *http, int64_t now_us)
{
    int64_t warned_us = atomic_load(&http->warned_us);

    if ((warned_us && now_us - warned_us < WARNING_PAUSE_US) ||
        !atomic_compare_exchange_strong(&http->warned_us, &warned_us, now_us))
        return;
    log_write(LOG_WARNING,
              "a connection was closed at once: its address has %" PRId64
              " already (--max-connections-per-address), or memory is short",
              http->server->options->max_connections_per_address);
}

/* If it fails, libmicrohttpd has closed the socket. */
static void add_connection(void *user, int socket, const struct sockaddr *address, socklen_t len)
{
    struct http *http = user;

    if (MHD_add_connection(http->daemon, socket, address, len) != MHD_YES)
        warn_refused(http, clock_now_us());
}

/* libmicrohttpd needs a certificate to start; tls.c replaces it for each session. */
static void list_tls_options(const struct tls *tls, struct MHD_OptionItem ret_items[4])
{
    ret_items[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)tls_priorities};
    ret_items[1] =
        (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)tls_certificate_text(tls)};
    ret_items[2] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)tls_key_text(tls)};
    ret_items[3] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

/* For clients that do not read their reply. The watch ends idle connections and slow requests
 * earlier. */
static unsigned choose_timeout_s(const struct options *options)
{
    double longest_s = options->keep_alive_timeout > options->request_timeout
                           ? options->keep_alive_timeout
                           : options->request_timeout;

    return (unsigned)longest_s + 2;
}

static struct MHD_Daemon *start_daemon(struct http *http, const struct options *options)
{
    /* Not epoll for TLS: while a handshake waits for the client, libmicrohttpd (0.9.75 and 1.0.1)
     * takes the socket for readable, and a client that sends one byte and no more keeps a
     * core busy. */
    unsigned flags =
        (http->tls ? MHD_USE_TLS | MHD_USE_POLL_INTERNAL_THREAD : MHD_USE_EPOLL_INTERNAL_THREAD) |
        MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls_items[4] = {{.option = MHD_OPTION_END}};
    unsigned n_threads = (unsigned)options->http_threads;

    if (http->tls)
        list_tls_options(http->tls, tls_items);
    /* The logger comes first, since it is used from there on. A pool of one thread is asked for by
     * leaving the option out. Strictness: 0.9.75 would close a connection without a reply where
     * http_header.c answers with the reason; 1.0.1 finds faults that cannot be seen from outside.
     */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, http_receive, http, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
        MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(options->max_connections + CONNECTIONS_ON_THE_WAY) * n_threads,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)options->max_connections_per_address,
        MHD_OPTION_STRICT_FOR_CLIENT, MHD_VERSION < 0x01000000 ? 0 : 1,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, http->timeout_s, MHD_OPTION_NOTIFY_CONNECTION,
        http_link_notify, http, MHD_OPTION_NOTIFY_COMPLETED, notify_completed, http,
        MHD_OPTION_URI_LOG_CALLBACK, http_line_receive, http, MHD_OPTION_ARRAY, tls_items,
        n_threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, n_threads, MHD_OPTION_END);
}

static enum status open_listener(struct http *http, enum http_listener i,
                                 const struct listener_options *options, struct error *error)
{
    enum status status = listener_new(&http->listeners[i], options, error);

    if (status)
        return status;
    http->is_inherited[i] = options->socket >= 0;
    if (i == HTTP_LISTENER_METRICS)
        http->metrics_address = listener_address(http->listeners[i]);
    return STATUS_OK;
}

/* Where a socket for requests is passed to us, --port and --uds-path are not opened. */
static enum status open_listeners(struct http *http, struct error *error)
{
    const struct options *options = http->server->options;
    const struct listener_options port = {
        .socket = -1,
        .hostname = options->hostname,
        .port = (uint16_t)options->port,
        .scheme = http->tls ? "https" : "http",
        .has_room = has_room,
        .accepted = add_connection,
        .user = http,
    };
    struct listener_options path = port, metrics = port, passed = port;
    struct inherited inherited;
    enum status status = inherited_take(&inherited, error);
    bool is_passed;

    if (status)
        return status;
    is_passed = inherited.port >= 0 || inherited.path >= 0;
    passed.socket = inherited.port;
    path.socket = inherited.path;
    path.path = options->uds_path;
    metrics.socket = inherited.metrics;
    metrics.port = (uint16_t)options->prometheus_port;
    metrics.has_room = has_room_for_metrics;
    if (inherited.port >= 0 || !is_passed)
        status = open_listener(http, HTTP_LISTENER_PORT, &passed, error);
    if (!status && (inherited.path >= 0 || (options->uds_path && !is_passed)))
        status = open_listener(http, HTTP_LISTENER_PATH, &path, error);
    if (!status && (inherited.metrics >= 0 || options->prometheus_port))
        status = open_listener(http, HTTP_LISTENER_METRICS, &metrics, error);
    return status;
}

/* Whether connections wait until the model is loaded. */
static bool has_to_wait(const struct http *http, size_t i)
{
    return http->is_inherited[i] && i != HTTP_LISTENER_METRICS;
}

static enum status start_listeners(struct http *http, bool of_those_that_wait, struct error *error)
{
    for (size_t i = 0; i < N_HTTP_LISTENERS; i++) {
        struct listener *listener = http->listeners[i];
        enum status status;

        if (!listener || has_to_wait(http, i) != of_those_that_wait)
            continue;
        log_write(LOG_INFO, "listening %son %s%s",
                  i == HTTP_LISTENER_METRICS ? "for /metrics alone " : "", listener_url(listener),
                  http->is_inherited[i] ? ", a socket that was passed on" : "");
        status = listener_start(listener);
        if (status)
            return error_set(error, status, "cannot start the thread that accepts connections");
    }
    return STATUS_OK;
}

/* Everything is open but connections. */
static enum status limit_connections(struct http *http, struct error *error)
{
    struct server *server = http->server;
    const size_t wanted = (size_t)server->options->max_connections;
    const struct process_readings process = process_read();
    uint64_t open_files = process.open_files;
    enum status status;

    if (!open_files)
        open_files = process.max_files < ASSUMED_FILES ? process.max_files : ASSUMED_FILES;
    status = capacity_choose(&http->capacity, wanted, open_files, process.max_files, error);
    if (status)
        return status;
    server->max_connections = http->capacity.n_connections;
    watch_limit_lingering(http->watch, http->capacity.n_lingering);
    if (server->max_connections < wanted)
        log_write(LOG_WARNING,
                  "only %" PRIu64 " files may be open: that is enough for %zu connections at once, "
                  "not %zu (--max-connections)",
                  process.max_files, server->max_connections, wanted);
    return STATUS_OK;
}

static enum status open_http(struct http *http, struct error *error)
{
    const struct options *options = http->server->options;
    const struct watch_options watch_options = {
        .idle_us = to_us(options->keep_alive_timeout),
        .receiving_us = to_us(options->request_timeout),
        .lingering_us = LINGERING_US,
        .too_slow = answer_slow,
        .ask = ask_whether_there,
        /* With TLS the client is told the end: see http_link.c. */
        .idle_shutdown = http->tls ? SHUT_RD : SHUT_RDWR,
    };
    enum status status = open_listeners(http, error);

    if (status)
        return status;
    status = watch_new(&http->watch, &watch_options);
    if (status)
        return error_set(error, status, "cannot start the thread that watches connections: %s",
                         strerror(errno));
    errno = 0;
    http->timeout_s = choose_timeout_s(options);
    http->daemon = start_daemon(http, options);
    if (!http->daemon)
        return error_set(error, STATUS_INTERNAL, "cannot start libmicrohttpd %s: %s",
                         MHD_get_version(), errno ? strerror(errno) : "it does not say why");
    status = limit_connections(http, error);
    return status ? status : start_listeners(http, false, error);
}

enum status http_start(struct server *server, struct error *error)
{
    struct http *http = calloc(1, sizeof *http);
    enum status status;

    if (!http)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    http->server = server;
    http->tls = server->tls;
    server->http = http;
    MHD_set_panic_func(log_panic, NULL);
    status = open_http(http, error);
    if (status) {
        server->http = NULL;
        http_free(http);
    }
    return status;
}

enum status http_take_waiting(struct http *http, struct error *error)
{
    return start_listeners(http, true, error);
}

const char *http_local_url(const struct http *http)
{
    const struct listener *port = http->listeners[HTTP_LISTENER_PORT];

    return listener_local_url(port ? port : http->listeners[HTTP_LISTENER_PATH]);
}

void http_stop_listening(struct http *http)
{
    for (size_t i = 0; i < N_HTTP_LISTENERS; i++) {
        listener_free(http->listeners[i]);
        http->listeners[i] = NULL;
    }
}

void http_abandon(struct http *http)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t deadline_us;

    /* Repeatedly: a request that was being received when the server was told to stop may still be
     * on its way into the pool. */
    while (atomic_load(&http->n_suspended) > 0) {
        watch_hang_up_all(http->watch);
        nanosleep(&pause, NULL);
    }
    deadline_us = clock_now_us() + MAX_REFUSING_US;
    while (atomic_load(&http->server->n_unanswered) > 0 && clock_now_us() < deadline_us)
        nanosleep(&pause, NULL);
}

void http_free(struct http *http)
{
    if (!http)
        return;
    http_stop_listening(http);
    if (http->daemon)
        MHD_stop_daemon(http->daemon);
    watch_free(http->watch);
    free(http);
}

void http_resume(struct request *request)
{
    struct http *http = request->server->http;

    request->stage = REQUEST_READY;
    /* First, so that a client that has its reply can send the next request. */
    atomic_fetch_sub(&request->server->n_requests, 1);
    MHD_resume_connection(request->connection);
    /* The request may be gone by now. */
    atomic_fetch_sub(&http->n_suspended, 1);
}
