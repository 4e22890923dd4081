/* SPDX-License-Identifier: Apache-2.0 */

/* What is there of one model: the jobs that wait, in turns, and the texts in flight, which later jobs
 * of the same text may follow. The batcher's, under its mutex. */
#ifndef NESTD_ENGINE_SCHEDULE_QUEUE_H
#define NESTD_ENGINE_SCHEDULE_QUEUE_H

#include "engine/base/status.h"
#include "engine/schedule/batcher.h"
#include "engine/schedule/inflight.h"
#include "engine/schedule/job.h"
#include "engine/schedule/turns.h"

#include <stddef.h>

struct queue {
    struct batcher_options options;
    struct turns *turns; /* one of the order's (order.h) */
    struct inflight inflight;
    struct batcher_stats stats;
};

/* Sets up the turns too. */
MUST_CHECK enum status queue_init(struct queue *queue, const struct batcher_options *options,
                                  struct turns *turns);
void queue_release(struct queue *queue); /* zeroed memory is allowed */

/* Tokens that the group would add to those that wait, counting each of its texts once. */
size_t queue_count_new_tokens(const struct queue *queue, const struct job_group *group);

/* Lets a job of the group wait, or follow one of the same text. */
void queue_enter(struct queue *queue, struct job_group *group, struct job *job);

/* A job waits no longer, and will not be encoded. */
void queue_leave(struct queue *queue, struct job *job);

/* From here on no job follows this one any more. */
void queue_end_flight(struct queue *queue, struct job *job);

/* Says in the turns how large the next pass may be, so that all of n_workers have a share. */
void queue_share_out(struct queue *queue, size_t n_workers);

/* A pass of this model, whose jobs were taken out of the turns, begins and ends. */
void queue_begin_pass(struct queue *queue, const struct pass *pass);
void queue_end_pass(struct queue *queue, const struct pass *pass);

#endif
