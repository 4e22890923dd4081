/* SPDX-License-Identifier: Apache-2.0 */

/* One HTTP request, from its request line to the end of its reply. It has one owner at a time, in
 * this order:
 *
 *   stage        owner            next
 *   HEADER       HTTP thread      GATHERING [http: header complete]
 *   GATHERING    HTTP thread      QUEUED [http: body complete]             READY [http: answered]
 *   QUEUED       request pool     DECODING [pool]
 *   DECODING     request thread   ENCODING [request_submit]                READY [start answered]
 *   ENCODING     engine           WRITING [done() pushes it to the pool; a request thread takes it]
 *   WRITING      request thread   READY [finish answered]
 *   READY        HTTP thread      freed when libmicrohttpd reports the request completed
 *
 * The watch (watch.h) may look at a request in any stage, but only through request_gone() and, in
 * HEADER and GATHERING, through http's 408 for a request that is too slow. Both take `mutex`. */
#ifndef NESTD_SERVER_EXCHANGE_REQUEST_H
#define NESTD_SERVER_EXCHANGE_REQUEST_H

#include "engine/engine.h"
#include "server/exchange/reply.h"
#include "server/exchange/request_id.h"
#include "server/text/trace_context.h"
#include "server/text/memory_budget.h"
#include "server/text/buffer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct route;
struct served_model;
struct server;
struct http_link;
struct MHD_Connection;

enum request_stage {
    REQUEST_HEADER,
    REQUEST_GATHERING,
    REQUEST_QUEUED,
    REQUEST_DECODING,
    REQUEST_ENCODING,
    REQUEST_WRITING,
    REQUEST_READY,
};

struct request {
    struct server *server;
    struct served_model *model; /* whose request it is; the first one's until it is chosen */
    const struct route *route;  /* NULL: no route has this path */
    enum request_stage stage;
    char id[REQUEST_ID_MAX_BYTES + 1]; /* x-request-id; "" until the header is complete */
    const char *method; /* "GET", "POST" ... or "other"; NULL until the header is complete */

    size_t path_offset;         /* in the target, which may be a full URL; SIZE_MAX: malformed */
    const char *path_tail;      /* what followed a route's path that ends in '/', borrowed from who
                              made the request; else "" */
    const char *origin;         /* the header Origin, borrowed from the connection; NULL: absent */
    char asked_model[128];      /* "model" in the query, which /info reads; else "" */
    struct memory_claim memory; /* the part of server->memory that it holds */
    struct buffer body;         /* as it came */
    struct reply reply;         /* as it goes back */

    /* A family's own state between start and finish (decoded fields, token buffers, jobs), freed
     * with the request. */
    void *work;
    void (*free_work)(void *work);

    struct job_group group;           /* submitted by request_submit */
    STAILQ_ENTRY(request) pool_entry; /* private to the pool */

    /* For Server-Timing, metrics and the log. */
    int64_t began_us;    /* the request line was read */
    int64_t gathered_us; /* the body was complete */
    int64_t tokenize_us; /* spent in decoding and tokenizing */
    int64_t write_us;    /* spent in writing the reply's body */
    size_t n_texts;
    size_t n_characters; /* of those texts; counted on TEI's routes only */
    size_t n_tokens;
    size_t n_truncated;
    size_t n_body_bytes;  /* received */
    size_t n_reply_bytes; /* of the reply's body */
    struct trace_context trace;

    /* mutex guards gone and submitted; in HEADER and GATHERING also route, id, method, origin,
     * trace and reply. Lock order: the watch's mutex, this one, the batcher's, the pool's. */
    pthread_mutex_t mutex;
    bool gone;      /* the client hung up, or we gave up on it: nothing more is done for it */
    bool submitted; /* the engine has, or had, the group */

    /* Private to http. */
    struct MHD_Connection *connection;
    struct http_link *link;
    const char *target;   /* in libmicrohttpd's buffer, as is the next */
    const char *line_end; /* of the request line */
    bool is_http_1_0;
    bool unsent; /* answered by the watch, and not sent yet; guarded by mutex */
};

/* NULL when memory is short. */
struct request *request_new(struct server *server);
void request_free(struct request *request);

/* Whether request_gone() was called. */
bool request_is_gone(struct request *request);

#endif
