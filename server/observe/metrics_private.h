/* SPDX-License-Identifier: Apache-2.0 */

/* What metrics.c (counting) and metrics_write.c (the table of all series, and their text) share. */
#ifndef NESTD_SERVER_OBSERVE_METRICS_PRIVATE_H
#define NESTD_SERVER_OBSERVE_METRICS_PRIVATE_H

#include "server/exchange/api_error.h"
#include "server/text/histogram.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct request;
struct routes;

/* All statuses: those of errors.def, 200, 204 for a preflight, 499 for a client that left. A test
 * compares. */
enum { METRICS_N_STATUSES = 17 };
extern const unsigned metrics_statuses[METRICS_N_STATUSES];

/* What Text Embeddings Inference counts apart (metrics_tei.c): requests of one text and of several,
 * reasons of refusals, texts that are embedded and texts or pairs that a cross-encoder judges. */
enum tei_method { TEI_SINGLE, TEI_BATCH, N_TEI_METHODS };
enum tei_error {
    TEI_BATCH_SIZE,
    TEI_DROPPED, /* the client hung up */
    TEI_INFERENCE,
    TEI_MODEL_TYPE,
    TEI_OVERLOADED,
    TEI_TOKENIZATION,
    TEI_VALIDATION,
    N_TEI_ERRORS
};
enum tei_task { TEI_EMBED, TEI_PREDICT, N_TEI_TASKS };
enum tei_time { TEI_TOTAL, TEI_TOKENIZE, TEI_QUEUE, TEI_INFER, N_TEI_TIMES };

struct tei_metrics {
    atomic_uint_least64_t requests[N_TEI_METHODS];
    atomic_uint_least64_t successes[N_TEI_METHODS];
    atomic_uint_least64_t failures[N_TEI_ERRORS];
    atomic_uint_least64_t texts[N_TEI_TASKS];
    atomic_uint_least64_t texts_done[N_TEI_TASKS];
    /* of answered requests, and of their texts: a text's is its request's */
    struct histogram request_us[N_TEI_TIMES];
    struct histogram text_us[N_TEI_TASKS][N_TEI_TIMES];
};

/* What is counted for each model. */
struct model_metrics {
    atomic_uint_least64_t n_texts;
    atomic_uint_least64_t n_tokens;
    atomic_uint_least64_t n_truncated;
    struct histogram tokenize_us;
    struct histogram queue_us;
    struct histogram encode_us;
    struct histogram text_tokens;
    struct histogram pass_texts;
    struct histogram pass_tokens;
};

struct metrics {
    const struct routes *routes;
    struct model_metrics *models; /* [n_models] */
    size_t n_models;

    /* [routes->n + 1]; the last is of no route. Routes of the same path count in the first of them,
     * so that a path is one series. */
    atomic_uint_least64_t (*requests)[METRICS_N_STATUSES];
    atomic_uint_least64_t rejected[N_PROBLEMS];
    struct histogram request_us;
    struct tei_metrics tei;
};

/* The series of Text Embeddings Inference. (metrics_tei.c) */
void metrics_tei_init(struct tei_metrics *tei, const struct histogram *empty);
void metrics_tei_count(struct tei_metrics *tei, const struct request *request);

#endif
