/* SPDX-License-Identifier: Apache-2.0 */

/* What http.c (the daemon), http_receive.c (requests) and http_send.c (replies) share. */
#ifndef NESTD_SERVER_HTTP_PRIVATE_H
#define NESTD_SERVER_HTTP_PRIVATE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stddef.h>

struct listener;
struct request;
struct server;
struct watch;

struct http {
    struct server *server;
    struct listener *listener; /* NULL: the port is closed */
    struct watch *watch;
    struct MHD_Daemon *daemon;
    size_t most_connections;
    atomic_size_t n_connections;
    atomic_size_t n_unanswered;
    atomic_size_t n_suspended; /* connections; counted down after they are resumed */
};

/* http_receive.c, for libmicrohttpd: a request line was read (returns the request, NULL when memory
 * is short), then the header, parts of the body, and its end. */
void *http_receive_line(void *http, const char *uri, struct MHD_Connection *connection);
enum MHD_Result http_receive(void *http, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload_data,
                             size_t *upload_len, void **request);

/* Queues the request's reply, which it takes. On the HTTP thread, in the access handler. */
enum MHD_Result http_send(struct request *request);

/* Sends the request's reply on the socket itself, as far as it goes at once; for where
 * libmicrohttpd takes no reply. No other may have been begun. The connection must be closed then.
 */
void http_send_directly(struct request *request, int socket);

/* Counts and logs a request that has ended. */
void http_account(struct request *request, enum MHD_RequestTerminationCode reason);

#endif
