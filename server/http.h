/* SPDX-License-Identifier: Apache-2.0 */

/* The libmicrohttpd front end: accepts connections, gathers bodies, suspends, and sends replies. It decodes nothing.
 * http.c and respond's sender are the only users of libmicrohttpd. */
#ifndef NESTD_SERVER_HTTP_H
#define NESTD_SERVER_HTTP_H

#include "engine/status.h"

struct http;
struct request;
struct server;

/* Opens the port and serves at once. */
MUST_CHECK enum status http_start(struct http **ret_http, struct server *server, struct error *error);

/* Closes the port; connections that are there go on. */
void http_stop_listening(struct http *http);

/* Requests whose reply is not on its way yet. */
unsigned http_count_unanswered(const struct http *http);

/* Ends all. No request may be suspended any more. */
void http_free(struct http *http);

/* The reply of a suspended request is complete: sends it. Any thread. */
void http_resume(struct request *request);

#endif
