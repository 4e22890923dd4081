/* SPDX-License-Identifier: Apache-2.0 */

/* What metrics.c (counting) and metrics_write.c (the table of all series, and their text) share. */
#ifndef NESTD_SERVER_OBSERVE_METRICS_PRIVATE_H
#define NESTD_SERVER_OBSERVE_METRICS_PRIVATE_H

#include "server/exchange/api_error.h"
#include "server/text/histogram.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct routes;

/* All statuses: those of errors.def, 200, 204 for a preflight, 499 for a client that left. A test
 * compares. */
enum { METRICS_N_STATUSES = 16 };
extern const unsigned metrics_statuses[METRICS_N_STATUSES];

struct metrics {
    const struct routes *routes;

    /* [routes->n + 1]; the last is of no route. Routes of the same path count in the first of them,
     * so that a path is one series. */
    atomic_uint_least64_t (*requests)[METRICS_N_STATUSES];
    atomic_uint_least64_t rejected[N_PROBLEMS];
    atomic_uint_least64_t n_texts;
    atomic_uint_least64_t n_tokens;
    atomic_uint_least64_t n_truncated;
    struct histogram request_us;
    struct histogram tokenize_us;
    struct histogram queue_us;
    struct histogram encode_us;
    struct histogram text_tokens;
    struct histogram pass_texts;
    struct histogram pass_tokens;
};

#endif
