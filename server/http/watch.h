/* SPDX-License-Identifier: Apache-2.0 */

/* Watches connections for what libmicrohttpd does not report or do: that the client of a suspended
 * request is gone (promise 9); that a request takes longer to arrive than --request-timeout in
 * total, however often a byte trickles in; and that a client which was refused early is still
 * sending, so that closing its connection would lose the reply. Used by http only.
 *
 * The watch holds its mutex while it touches a socket or a request. So after watch_enter() or
 * watch_connection_end() it touches nothing of the previous phase any more: the caller may answer,
 * close or free. Every function except watch_new() and watch_free() may be called from any thread;
 * they do not block. */
#ifndef NESTD_SERVER_HTTP_WATCH_H
#define NESTD_SERVER_HTTP_WATCH_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct watch;
struct watch_entry; /* one connection */
struct request;

struct watch_options {
    int64_t idle_us;      /* --keep-alive-timeout */
    int64_t receiving_us; /* --request-timeout */
    int64_t lingering_us;

    /* How the socket of an idle connection is shut down: SHUT_RDWR, or SHUT_RD if something must
     * still be sent when the end of the stream is read. */
    int idle_shutdown;

    /* The request took too long: refuse it. Called under the watch's mutex; afterwards the socket's
     * reading side is shut down. */
    void (*too_slow)(struct request *request);

    /* The stream of a WORKING request's client has ended: does it still wait for the reply? False:
     * no. True: perhaps; a reset will tell if it does not, so this may send something that a closed
     * client answers with a reset. Called under the watch's mutex, at most once per connection. */
    bool (*ask)(struct request *request);
};

/* What a connection is doing, what can end that from outside, and what the watch then does:
 *
 *   IDLE       idle_us have passed            the connection is shut down without a reply
 *   RECEIVING  receiving_us have passed       too_slow(request), then it is shut down
 *   both       the client closed, and a       request_gone(), then it is shut down
 *              second later it is still so
 *              and nothing of it is unread
 *   SURPLUS    two seconds have passed        request_gone(), then it is shut down
 *   WORKING    the client closed, and half    ask(request); request_gone() if it returns false
 *              a second later it is still so
 *              the connection was reset       request_gone()
 *   SENDING    nothing                        libmicrohttpd ends it if the client does not read
 *
 * "Closed" is also half closed: see watch.c. */
enum watch_phase {
    WATCH_IDLE,      /* until a request line has arrived */
    WATCH_RECEIVING, /* until the body is complete */
    WATCH_SURPLUS,   /* as both, of a connection for which there is no room */
    WATCH_WORKING,   /* suspended */
    WATCH_SENDING,
    WATCH_CLOSING,   /* private to the watch: IDLE or RECEIVING, and the client has closed */
    WATCH_DOUBTING,  /* private to the watch: WORKING, and the client has closed */
    WATCH_LINGERING, /* private to the watch: see watch_linger */
    N_WATCH_PHASES,
};

/* NO_MEMORY: errno says of what. */
MUST_CHECK enum status watch_new(struct watch **ret_watch, const struct watch_options *options);

/* At most `max` connections linger; further ones are closed at once. Without this there is no limit.
 * Before the first connection. */
void watch_limit_lingering(struct watch *watch, size_t max);

/* No connection may be left. NULL is allowed. */
void watch_free(struct watch *watch);

/* A connection was accepted; it is IDLE. NULL when memory is short. The socket stays the caller's.
 */
struct watch_entry *watch_connection_begin(struct watch *watch, int socket);

/* The connection is about to be closed; the entry is gone. */
void watch_connection_end(struct watch *watch, struct watch_entry *entry);

/* `request` is that of a RECEIVING, SURPLUS or WORKING connection; NULL if it has none. */
void watch_enter(struct watch *watch, struct watch_entry *entry, enum watch_phase phase,
                 struct request *request);

/* The client was answered before it had sent everything. When the connection ends, a duplicate of
 * its socket is kept for at most lingering_us, and whatever still arrives is dropped. Closing a
 * socket with unread bytes resets the connection, and the client may lose the reply. */
void watch_linger(struct watch *watch, struct watch_entry *entry);

/* Acts as if every connection with a WORKING request had been reset. */
void watch_hang_up_all(struct watch *watch);

#endif
