/* SPDX-License-Identifier: Apache-2.0 */

/* Sees of connections what libmicrohttpd does not tell: that the client of a suspended request hung up (promise 9), and
 * that a header or body has taken longer than --request-timeout in all, however often a byte trickles in.
 *
 * One thread, an epoll set and deadlines. Its mutex guards the lists and is held while it touches a socket or calls
 * request_gone(), so that after a watch_..._end call nothing is touched any more: the caller may close or free. */
#ifndef NESTD_SERVER_WATCH_H
#define NESTD_SERVER_WATCH_H

#include "engine/status.h"

#include <stdint.h>

struct watch;
struct watch_entry; /* one connection */
struct request;
struct server;

MUST_CHECK enum status watch_new(struct watch **ret_watch, struct server *server);
void watch_free(struct watch *watch);

/* A connection was accepted / is about to be closed. NULL when memory is short. The socket stays the caller's. */
struct watch_entry *watch_connection_begin(struct watch *watch, int socket);
void watch_connection_end(struct watch *watch, struct watch_entry *entry);

/* A request's header has begun to be waited for or read, and its body: over the deadline the client is sent 408, where nothing was
 * sent yet, and the socket is shut down. */
void watch_deadline_begin(struct watch *watch, struct watch_entry *entry, struct request *request, int64_t deadline_us);
void watch_deadline_end(struct watch *watch, struct watch_entry *entry);

/* While a request is suspended: a hang-up calls request_gone(request), once. */
void watch_hangup_begin(struct watch *watch, struct watch_entry *entry, struct request *request);
void watch_hangup_end(struct watch *watch, struct watch_entry *entry);

#endif
