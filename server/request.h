/* SPDX-License-Identifier: Apache-2.0 */

/* One HTTP request from its first header to the end of its reply. One owner at a time, in this order:
 *
 *   stage        owner            next
 *   GATHERING    HTTP thread      QUEUED [http: the body is whole]         READY [http: answered at once]
 *   QUEUED       request pool     DECODING [pool]
 *   DECODING     request thread   ENCODING [request_submit]                READY [route->start answered]
 *   ENCODING     engine           WRITING [done() pushes it to the pool; a request thread takes it]
 *   WRITING      request thread   READY [route->finish answered]
 *   READY        HTTP thread      freed when libmicrohttpd reports the request completed
 *
 * The watch (watch.h) may look at a request in any stage but touches only `gone`, under `mutex`. */
#ifndef NESTD_SERVER_REQUEST_H
#define NESTD_SERVER_REQUEST_H

#include "engine/engine.h"
#include "server/respond.h"
#include "server/text.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct route;
struct server;
struct MHD_Connection;

enum { REQUEST_ID_MOST_BYTES = 128 };

enum request_stage {
    REQUEST_GATHERING,
    REQUEST_QUEUED,
    REQUEST_DECODING,
    REQUEST_ENCODING,
    REQUEST_WRITING,
    REQUEST_READY,
};

struct request {
    struct server *server;
    const struct route *route;
    enum request_stage stage;
    char id[REQUEST_ID_MOST_BYTES + 1]; /* x-request-id: the client's, or made here */

    const char *path_tail; /* what followed a route's path that ends in '/', borrowed from the connection; else "" */
    struct text body;      /* as it came */
    struct reply reply;    /* as it goes back; see respond.h */

    /* A family's own state between start and finish (decoded fields, token buffers, jobs), freed with the request. */
    void *work;
    void (*free_work)(void *work);

    struct job_group group;    /* submitted by request_submit */
    struct request *pool_next; /* private to the pool */

    /* For Server-Timing, metrics and the log. */
    int64_t began_us;    /* the first header was read */
    int64_t gathered_us; /* the body was whole */
    int64_t tokenize_us; /* spent in decoding and tokenizing */
    size_t n_texts;
    size_t n_tokens;
    size_t n_truncated;
    bool counted; /* in server->n_requests */

    /* mutex guards gone and submitted. Lock order: the watch's mutex, this one, the batcher's. */
    pthread_mutex_t mutex;
    bool gone;      /* the client hung up */
    bool submitted; /* the engine has, or had, the group */

    struct MHD_Connection *connection; /* http.c alone */
};

/* NULL when memory is short. */
struct request *request_new(struct server *server);
void request_free(struct request *request);

/* Submits request->group, whose jobs are filled in, and moves to ENCODING; after STATUS_OK the caller lets go of the request at
 * once. Otherwise the caller keeps it and answers. CANCELLED: the client has hung up. */
MUST_CHECK enum status request_submit(struct request *request);

/* The client hung up: cancels what is in the engine. By the watch. */
void request_gone(struct request *request);

#endif
