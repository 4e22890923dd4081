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

/* LOADING -> SERVING [loader, once every model is loaded]
 * LOADING, SERVING -> DRAINING -> STOPPING [drain, on SIGTERM or SIGINT]; never back. */
enum server_state {
    SERVER_LOADING, /* the port is open; inference and readiness answer 503 */
    SERVER_SERVING,
    SERVER_DRAINING, /* readiness answers 503; everything else is still served, and connections are
                        closed after each reply */
    SERVER_STOPPING, /* every request is refused with 503 */
};

/* A model that is served. */
struct served_model {
    const struct options *options;   /* as they hold for this model */
    _Atomic(struct engine *) engine; /* NULL until the model is loaded; then fixed */
    struct limits *limits;           /* made before `engine` is set; then fixed */
    char folder_name[256];           /* set by served_model_init() */
};

struct server {
    const struct options
        *options; /* the first model's; what is not of a model is the same in all */
    const struct routes *routes;
    _Atomic(enum server_state) state;
    struct served_model *models; /* [n_models]; the first is for requests that name none */
    size_t n_models;
    /* Of a model that is being downloaded; 0 of 0 before and after. */
    atomic_uint_least64_t download_done_bytes;
    atomic_uint_least64_t download_total_bytes;
    atomic_size_t n_unanswered;  /* requests from their first line to the end of their reply */
    atomic_size_t n_requests;    /* inference requests between arrival of the body and the reply's
                                  handing over */
    atomic_size_t n_connections; /* open, idle ones included */
    size_t max_connections;      /* --max-connections, or fewer; set before the first one */
    atomic_size_t n_cores;       /* that may be used */
    _Atomic int64_t stalled_us;  /* for how long the engine has not moved; 0: it does */
    int64_t looked_us;           /* when that was last looked at; for the main thread */
    int64_t started_us;          /* by clock_now_us() */
    time_t created;              /* when the server was started, Unix time */
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
 * called there. Zeroes the rest; `options` must outlive it. */
void served_model_init(struct served_model *model, const struct options *options);

/* Its name in replies: --served-model-name, else the last part of its folder's path. No reply shows
 * the whole path. */
const char *served_model_name(const struct served_model *model);

/* The i-th of its listed names: the one in replies, then those of --model-alias, each once. NULL:
 * there are no more. */
const char *served_model_list_name(const struct served_model *model, size_t i);

/* Whether the engine has not moved for --stall-timeout. */
bool server_is_stalled(const struct server *server);

/* Why the model is not there yet, for a person. */
struct server_delay {
    char text[160];
};
struct server_delay server_describe_delay(const struct server *server);

/* Whether every model is loaded: until then inference routes answer 503. */
bool server_is_loaded(const struct server *server);

/* INVALID where two models would be called the same. */
MUST_CHECK enum status server_check_names(const struct server *server, struct error *error);

/* Whether every name is accepted: --model-alias '*'. */
bool server_takes_any_model(const struct server *server);

/* The model that a request's "model" means: the first that has it as a listed name, else, without
 * --served-model-name, as its whole --model-id, else as a listed name after an organisation
 * ("ORGANISATION/NAME"), each also with Ollama's ":latest" behind it; else the one that takes every
 * name. NULL: there is none. */
struct served_model *server_find_model(const struct server *server, const char *name,
                                       size_t len_bytes);

/* The i-th of all models' listed names, and whose it is. NULL: there are no more. */
const char *server_list_name(const struct server *server, size_t i,
                             const struct served_model **ret_model);

/* What it serves, for messages: "This server's model is 'a'", "... models are 'a', 'b'"; cut to fit. */
struct server_offer {
    char text[256];
};
struct server_offer server_describe_offer(const struct server *server);

#endif
