/* SPDX-License-Identifier: Apache-2.0 */

/* What the parts of the running server share. Made by main(), which outlives them all. */
#ifndef NESTD_SERVER_SERVER_H
#define NESTD_SERVER_SERVER_H

#include "engine/engine.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct options;
struct metrics;
struct pool;
struct watch;
struct http;

/* LOADING -> SERVING [main, once the model is loaded]
 * LOADING, SERVING -> DRAINING [main, on SIGTERM or SIGINT]; never back. */
enum server_state {
    SERVER_LOADING,  /* the port is open; inference and readiness answer 503 */
    SERVER_SERVING,
    SERVER_DRAINING, /* readiness answers 503; everything else is still served until the port closes */
};

struct server {
    const struct options *options;
    _Atomic(enum server_state) state;
    _Atomic(struct engine *) engine; /* NULL until the model is loaded; then fixed */
    atomic_size_t n_requests;        /* inference requests between arrival of the body and the reply's handing over */
    int64_t started_us;
    struct metrics *metrics;
    struct pool *pool;   /* the request threads */
    struct watch *watch; /* deadlines and hang-ups */
    struct http *http;
};

/* The names that a request's "model" may bear. */
const char *server_model_name(const struct server *server);
bool server_knows_model(const struct server *server, const char *name, size_t len_bytes);

int64_t clock_now_us(void); /* monotonic */

#endif
