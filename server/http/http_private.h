/* SPDX-License-Identifier: Apache-2.0 */

/* What http.c (the daemon), http_link.c (connections), http_line.c, http_header.c, http_receive.c
 * (requests), http_send.c (replies) and http_write.c share. */
#ifndef NESTD_SERVER_HTTP_HTTP_PRIVATE_H
#define NESTD_SERVER_HTTP_HTTP_PRIVATE_H

#include "server/http/capacity.h"
#include "server/text/slice.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

struct api_error;
struct listener;
struct request;
struct server;
struct tls;
struct tls_session;
struct watch;
struct watch_entry;

enum { HTTP_MAX_HEADER_BYTES = 24 << 10 }; /* request line and fields */

enum http_listener {
    HTTP_LISTENER_PORT,    /* --port */
    HTTP_LISTENER_PATH,    /* --uds-path */
    HTTP_LISTENER_METRICS, /* --prometheus-port */
    N_HTTP_LISTENERS,
};

struct http {
    struct server *server;
    struct tls *tls;                              /* the server's; NULL: plain HTTP */
    struct listener *listeners[N_HTTP_LISTENERS]; /* NULL: closed, or not asked for */
    bool is_inherited[N_HTTP_LISTENERS];          /* the listener's socket */
    struct sockaddr_storage metrics_address;      /* of HTTP_LISTENER_METRICS; AF_UNSPEC: none */
    struct watch *watch;
    struct MHD_Daemon *daemon;
    struct capacity capacity;
    unsigned timeout_s;        /* libmicrohttpd's, of a connection that does nothing */
    _Atomic int64_t warned_us; /* last warning of refused connections */
    atomic_size_t n_suspended; /* connections; counted down after they are resumed */
};

/* A connection, from libmicrohttpd's notice that it began until the one that it ended. */
struct http_link {
    struct http *http;
    int socket;
    bool is_for_metrics; /* it came to HTTP_LISTENER_METRICS */
    bool
        is_surplus; /* beyond server->max_connections: only probes are answered; for the HTTP thread */
    int64_t n_requests; /* so far, with the current one */
    int64_t ends_us;    /* replies from then on close it; INT64_MAX: age does not matter */
    struct watch_entry *watched;
    struct tls_session *tls;     /* NULL: plain HTTP */
    struct request *request;     /* the current one, owned by this; for the HTTP thread */
    LIST_ENTRY(http_link) entry; /* in the HTTP thread's list of headers not judged yet */
    bool is_listed;
};

/* http_link.c, for libmicrohttpd: a connection begins or ends; *link is its socket context, NULL
 * when memory was short. */
void http_link_notify(void *http, struct MHD_Connection *connection, void **link,
                      enum MHD_ConnectionNotificationCode code);

/* The HTTP thread's list of connections whose current request has a line, but is not judged yet. */
void http_link_list(struct http_link *link);
void http_link_unlist(struct http_link *link); /* if it is listed */

/* The current request begins to arrive. A surplus connection becomes one like others if there is room
 * by now; else it has little time. On the HTTP thread. */
void http_link_receive(struct http_link *link);

/* Takes from the list the connection whose header is complete, which libmicrohttpd is working on.
 * NULL: there is none. */
struct http_link *http_link_take_whole_header(void);

/* The current request has ended: counts, logs and frees it. NULL requests are allowed. On the HTTP
 * thread. */
void http_link_end_request(struct http_link *link, enum MHD_RequestTerminationCode reason);

/* http_header.c, on the HTTP thread. Whether the whole header has arrived. */
bool http_header_is_whole(struct request *request);

/* Judges the whole header's framing and size. `method` is where it begins, NULL where that is not
 * known. False if the request must be refused and its connection closed. *ret_n_body_bytes is
 * UINT64_MAX for a chunked body. */
bool http_header_judge(struct request *request, const char *method, uint64_t *ret_n_body_bytes,
                       struct api_error *ret_error);

/* The first field of that name; NULL: absent. */
const char *http_header_get(struct request *request, const char *name);

/* The first element in all fields of that name that is not `allowed` (parameters apart), as it
 * came; NULL: there is none. */
struct slice http_header_find_other(struct request *request, const char *name, const char *allowed);

/* http_line.c, for libmicrohttpd: a request's line was read. Returns the request, NULL when memory
 * is short. */
void *http_line_receive(void *http, const char *uri, struct MHD_Connection *connection);

/* The path, unescaped; "/" for a URL that names only the server, "" for a malformed target. Only
 * once the header is complete. */
const char *http_line_find_path(const struct request *request);

/* A method's bit of enum route_method, 0 for one that no route has; and its name as the log may
 * show it, since one that is not known may be anything. */
unsigned http_line_method_bit(const char *method);
const char *http_line_name_method(const char *method);

/* http_receive.c, for libmicrohttpd: the header is complete; then parts of the body, and its end.
 */
enum MHD_Result http_receive(void *http, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload_data,
                             size_t *upload_len, void **request);

/* libmicrohttpd writes to its log, as it does before it refuses a request by itself. If a header on
 * this thread is complete and must be refused, refuses it first. */
void http_receive_speak_first(void);

/* http_write.c: sends past libmicrohttpd, as far as it goes at once. With TLS on the HTTP thread
 * only. False if not all was sent. */
bool http_write(struct http_link *link, const char *bytes, size_t len_bytes);

/* http_send.c. Queues the request's reply, which it takes. On the HTTP thread, in the access
 * handler. */
enum MHD_Result http_send(struct request *request);

/* Sends the request's reply past libmicrohttpd (http_write), where that takes no reply. No other
 * reply may have begun. The connection must be closed afterwards. */
void http_send_directly(struct request *request);

/* Counts and logs a request that has ended. */
void http_account(struct request *request, enum MHD_RequestTerminationCode reason);

#endif
