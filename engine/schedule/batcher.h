/* SPDX-License-Identifier: Apache-2.0 */

/* The queue between request threads and workers: bounded in tokens, fair among requests, and it
 * never waits for a batch to fill. Every function may be called from any thread; batcher_take alone
 * blocks. */
#ifndef NESTD_ENGINE_SCHEDULE_BATCHER_H
#define NESTD_ENGINE_SCHEDULE_BATCHER_H

#include "engine/schedule/job.h"
#include "engine/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batcher;

struct batcher_options {
    size_t most_queued_tokens; /* a group that would bring what waits over it is refused, whole */
    size_t most_pass_tokens;   /* of one pass; a single text that is larger runs alone */
    int64_t (*now_us)(void);   /* the monotonic clock; tests turn their own */
};

/* What a worker takes at once. `jobs` and `groups` are the caller's, of most_pass_tokens elements
 * each. */
struct pass {
    struct job **jobs;         /* [n_jobs] */
    struct job_group **groups; /* [n_jobs]: the group of each */
    size_t n_jobs;
    size_t n_tokens;
};

struct batcher_stats {
    size_t queued_texts; /* waiting, not yet taken */
    size_t queued_tokens;
    size_t running_texts;
    size_t running_tokens;
    size_t running_passes;
};

MUST_CHECK enum status batcher_new(struct batcher **ret_batcher,
                                   const struct batcher_options *options);

/* Only when it is stopped and every pass was given back. */
void batcher_free(struct batcher *batcher);

/* Takes all of a group's jobs or none: OVERLOADED, STOPPING. */
MUST_CHECK enum status batcher_submit(struct batcher *batcher, struct job_group *group);

/* Fills `pass` with what waits now, in turns among groups. Blocks only while nothing waits at all;
 * false when the batcher is stopped and empty. batcher_try_take never blocks: false when nothing
 * waits. */
bool batcher_take(struct batcher *batcher, struct pass *pass);
bool batcher_try_take(struct batcher *batcher, struct pass *pass);

/* Gives back a pass whose jobs' status is set; calls done() of the groups that end with it. */
void batcher_finish(struct batcher *batcher, const struct pass *pass);

/* Takes a group's waiting jobs out of the queue, as CANCELLED; those being encoded end by
 * themselves. done() is called here if there are none. A group that was submitted and is done
 * already is left alone; its memory must still be there. */
void batcher_cancel(struct batcher *batcher, struct job_group *group);

/* From now on submit answers STOPPING, what waits ends with that status at once, and batcher_take
 * answers false. Passes that run are given back as ever. */
void batcher_stop(struct batcher *batcher);

void batcher_get_stats(struct batcher *batcher, struct batcher_stats *ret_stats);

#endif
