/* SPDX-License-Identifier: Apache-2.0 */

/* The libmicrohttpd front end: accepts connections, gathers bodies, suspends, and sends replies. It
 * decodes nothing. Only http*.c include libmicrohttpd. */
#ifndef NESTD_SERVER_HTTP_HTTP_H
#define NESTD_SERVER_HTTP_HTTP_H

#include "engine/engine.h"

#include <stddef.h>

struct http;
struct request;
struct server;

/* Opens the port, logs that, and serves at once. server->http is set before the first request; the
 * metrics and the pool must exist. */
MUST_CHECK enum status http_start(struct server *server, struct error *error);

/* The model is loaded: from now on connections to sockets that were passed to us (systemd's socket
 * activation) are accepted. They wait until then, so that a restart is not seen. */
MUST_CHECK enum status http_take_waiting(struct http *http, struct error *error);

/* The URL for a person on this machine: "http://127.0.0.1:8080". Borrowed. */
const char *http_local_url(const struct http *http);

/* Accepts what has connected so far, then closes the port. Open connections continue. */
void http_stop_listening(struct http *http);

/* Gives up all requests that wait for the pool or the engine; they are answered with 503. Waits
 * until no connection is suspended, then up to a second until those answers are sent. The server
 * must be STOPPING. */
void http_abandon(struct http *http);

/* Closes the port and all connections. The server must be STOPPING. NULL is allowed. */
void http_free(struct http *http);

/* The reply of a suspended request is complete: sends it. For the pool. */
void http_resume(struct request *request);

#endif
