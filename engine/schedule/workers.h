/* SPDX-License-Identifier: Apache-2.0 */

/* The threads that encode: each takes passes from the batcher, runs the encoder in its own memory,
 * pools, normalises and writes the vectors. They encode for one model or several, with memory of its own
 * for each. */
#ifndef NESTD_ENGINE_SCHEDULE_WORKERS_H
#define NESTD_ENGINE_SCHEDULE_WORKERS_H

#include "engine/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct batcher;
struct cache;
struct encoder;
struct model;
struct workers;

/* One of the models that they encode for. */
struct workers_model {
    const struct model *model;     /* borrowed, as are the next two */
    const struct encoder *encoder; /* NULL for a model that has a table instead */
    struct cache *cache;
    size_t max_pass_tokens; /* as the batcher's */

    /* Called on a worker's thread after each pass, with no lock held, before its groups are done.
     * May be NULL. */
    void (*pass_done)(void *user, size_t n_texts, size_t n_tokens, int64_t duration_us);
    void *user;
};

struct workers_options {
    const struct workers_model *models; /* [n_models], in the batcher's order; copied */
    size_t n_models;
    struct batcher *batcher; /* borrowed */
    size_t n_workers;
    int64_t (*now_us)(void);
};

/* Of one model. */
struct workers_stats {
    uint64_t passes; /* since the start */
    uint64_t encoded_texts;
    uint64_t encoded_tokens;
    double tokens_per_second; /* of one worker while it encodes, smoothed over about 20 passes; 0
                                 before the first */
};

/* Allocates every worker's memory, starts the threads and waits until each has encoded something,
 * so that their first real pass allocates nothing either. NO_MEMORY, with an error that says how
 * much, where the machine or the cgroup has less left. */
MUST_CHECK enum status workers_start(struct workers **ret_workers,
                                     const struct workers_options *options, struct error *error);

/* Joins the threads and frees all. The batcher must have been stopped. */
void workers_free(struct workers *workers);

/* For how long, as far as its calls have seen, a worker has made no step in its pass, or work has
 * waited while no worker had any; 0 if neither. elapsed_us is the time since the last call, of which
 * more than what the caller meant to wait must not be counted: a stopped process is not stuck.
 * Takes no lock. For one thread. */
int64_t workers_measure_stall(struct workers *workers, int64_t elapsed_us);

void workers_get_stats(struct workers *workers, size_t model, struct workers_stats *ret_stats);

#endif
