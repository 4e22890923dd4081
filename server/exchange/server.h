/* SPDX-License-Identifier: Apache-2.0 */

/* What the parts of the running server share. The command serve makes it and outlives them all. */
#ifndef NESTD_SERVER_EXCHANGE_SERVER_H
#define NESTD_SERVER_EXCHANGE_SERVER_H

#include "engine/engine.h"
#include "server/text/memory_budget.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct api_keys;
struct options;
struct tls;
struct metrics;
struct pool;
struct http;
struct limits;
struct routes;
struct spans;

/* LOADING -> SERVING [loader, once the model is loaded]
 * LOADING, SERVING -> DRAINING -> STOPPING [drain, on SIGTERM or SIGINT]; never back. */
enum server_state {
    SERVER_LOADING, /* the port is open; inference and readiness answer 503 */
    SERVER_SERVING,
    SERVER_DRAINING, /* readiness answers 503; everything else is still served, and connections are
                        closed after each reply */
    SERVER_STOPPING, /* every request is refused with 503 */
};

struct server {
    const struct options *options;
    const struct routes *routes;
    _Atomic(enum server_state) state;
    _Atomic(struct engine *) engine; /* NULL until the model is loaded; then fixed */
    struct limits *limits;           /* made before `engine` is set; then fixed */
    /* Of a model that is being downloaded; 0 of 0 before and after. */
    atomic_uint_least64_t download_done_bytes;
    atomic_uint_least64_t download_total_bytes;
    atomic_size_t n_unanswered;  /* requests from their first line to the end of their reply */
    atomic_size_t n_requests;    /* inference requests between arrival of the body and the reply's
                                  handing over */
    atomic_size_t n_connections; /* open, idle ones included */
    atomic_size_t n_cores;       /* that may be used; 0: not looked at yet */
    _Atomic int64_t stalled_us;  /* for how long the engine has not moved; 0: it does */
    int64_t looked_us;           /* when that was last looked at; for the main thread */
    int64_t started_us;          /* by clock_now_us() */
    time_t created;              /* when the server was started, Unix time */
    char model_name[256];        /* of the folder; set by server_name_model() */
    double (*draw)(void);        /* a random number from 0 to below 1; any thread */
    struct api_keys *api_keys;   /* NULL: no key is required */
    struct tls *tls;             /* NULL: plain HTTP */
    /* Unix times: when keys and certificates were last read without a complaint, and the end of the
     * certificate; 0 without TLS. */
    _Atomic int64_t reloaded_s;
    _Atomic int64_t certificate_ends_s;
    atomic_bool reload_failed;   /* the last one */
    struct memory_budget memory; /* of all requests; limited once the model is loaded */
    struct metrics *metrics;
    struct spans *spans; /* NULL: requests have none */
    struct pool *pool;   /* the request threads */
    struct http *http;
};

/* Names the model after the last part of --model-id, or in Hugging Face's cache after what it is
 * called there. Called once, at start. */
void server_name_model(struct server *server);

/* Whether the engine has not moved for --stall-timeout. */
bool server_is_stalled(const struct server *server);

/* Why the model is not there yet, for a person. */
struct server_delay {
    char text[160];
};
struct server_delay server_describe_delay(const struct server *server);

/* The model's name in replies: --served-model-name, else the last part of its folder's path. No
 * reply shows the whole path. */
const char *server_model_name(const struct server *server);

/* Whether every name is accepted: --model-alias '*'. */
bool server_takes_any_model(const struct server *server);

/* Whether a request's "model" may be this: any, a listed name, a listed name after an organisation
 * ("ORGANISATION/NAME") or, without --served-model-name, the whole --model-id; each also with
 * Ollama's ":latest" behind it. */
bool server_knows_model(const struct server *server, const char *name, size_t len_bytes);

/* The i-th listed name: the one in replies, then those of --model-alias, each once. NULL: there are
 * no more. */
const char *server_list_name(const struct server *server, size_t i);

#endif
