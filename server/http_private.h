/* SPDX-License-Identifier: Apache-2.0 */

/* What http.c (the daemon), http_receive.c (requests) and http_send.c (replies) share. */
#ifndef NESTD_SERVER_HTTP_PRIVATE_H
#define NESTD_SERVER_HTTP_PRIVATE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listener;
struct request;
struct server;
struct tls;
struct tls_session;
struct watch;
struct watch_entry;

struct http {
    struct server *server;
    struct tls *tls;           /* the server's; NULL: plain HTTP */
    struct listener *listener; /* NULL: the port is closed */
    struct watch *watch;
    struct MHD_Daemon *daemon;
    size_t most_connections;
    int64_t warned_us; /* of refused connections, last; the listener's thread alone */
    atomic_size_t n_connections;
    atomic_size_t n_unanswered;
    atomic_size_t n_suspended; /* connections; counted down after they are resumed */
};

/* A connection, from libmicrohttpd's notice that it began until the one that it ended. */
struct http_link {
    struct http *http;
    int socket;
    struct watch_entry *watched;
    struct tls_session *tls; /* NULL: plain HTTP */
    struct request *request; /* the one at hand; only the HTTP thread looks at it */
};

/* http_link.c, for libmicrohttpd: a connection begins or ends; *link is its socket context, NULL
 * when memory was short. */
void http_link_notify(void *http, struct MHD_Connection *connection, void **link,
                      enum MHD_ConnectionNotificationCode code);

/* Sends past libmicrohttpd, as far as it goes at once. With TLS on the HTTP thread only. False if
 * not all was sent. */
bool http_link_write(struct http_link *link, const char *bytes, size_t len_bytes);

/* Sends the refusal that is still unsent, if there is one. On the HTTP thread. */
void http_link_settle(struct http_link *link);

/* http_receive.c, for libmicrohttpd: a request line was read (returns the request, NULL when memory
 * is short), then the header, parts of the body, and its end. */
void *http_receive_line(void *http, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_receive(void *http, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload_data,
                             size_t *upload_len, void **request);

/* Queues the request's reply, which it takes. On the HTTP thread, in the access handler. */
enum MHD_Result http_send(struct request *request);

/* Sends the request's reply past libmicrohttpd (http_link_write), for where that takes none. No
 * other may have been begun. The connection must be closed then. */
void http_send_directly(struct request *request);

/* Counts and logs a request that has ended. */
void http_account(struct request *request, enum MHD_RequestTerminationCode reason);

#endif
