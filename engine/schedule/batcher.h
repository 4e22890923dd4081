/* SPDX-License-Identifier: Apache-2.0 */

/* What stands between request threads and workers: a queue for each model, bounded in tokens, fair
 * among requests and among models; it never waits for a batch to fill. Models are called by number.
 * Every function may be called from any thread; only batcher_take blocks. */
#ifndef NESTD_ENGINE_SCHEDULE_BATCHER_H
#define NESTD_ENGINE_SCHEDULE_BATCHER_H

#include "engine/base/status.h"
#include "engine/schedule/job.h"
#include "engine/schedule/turns.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batcher;
struct team;

/* Of one model. */
struct batcher_options {
    size_t max_queued_tokens; /* a group that would bring what waits over it is refused, whole */
    size_t max_pass_tokens;   /* of one pass; a single text that is larger is a pass of its own */
    bool works_alone;         /* a pass is not shared with idle workers */
};

/* Of one model. */
struct batcher_stats {
    size_t queued_texts; /* waiting, not yet taken */
    size_t queued_tokens;
    size_t running_texts;
    size_t running_tokens;
    size_t running_passes;
    size_t resting_workers;  /* at most, and of all models; see batcher_rest */
    uint64_t followed_texts; /* since the start: those that were not encoded because the same text
                                was in flight */
};

/* `options` are of n_models; n_workers will call batcher_take. now_us is the monotonic clock, and
 * tests turn their own. */
MUST_CHECK enum status batcher_new(struct batcher **ret_batcher,
                                   const struct batcher_options *options, size_t n_models,
                                   size_t n_workers, int64_t (*now_us)(void));

/* Only when it is stopped and every pass was given back. */
void batcher_free(struct batcher *batcher);

/* Takes all of a group's jobs or none: OVERLOADED, STOPPING. */
MUST_CHECK enum status batcher_submit(struct batcher *batcher, size_t model,
                                      struct job_group *group);

/* What a worker is to do next. */
enum work {
    WORK_NONE, /* the batcher is stopped and empty */
    WORK_PASS, /* encode the pass, as the owner of `own`, then give it back */
    WORK_HELP, /* help the team, which was entered in this worker's name */
};

/* Fills `pass` with this worker's share of what waits now, of one model and in turns among groups,
 * and opens `own` to workers that have nothing else to do; or names the open team of another, whose
 * `model` says what is to be helped with. Blocks only while there is neither. */
enum work batcher_take(struct batcher *batcher, struct pass *pass, struct team *own,
                       struct team **ret_team);

/* Fills `pass` with small groups that wait now, up to a slice of tokens: what a worker may encode
 * between two tiles of its own pass. Never blocks; false when there is nothing. */
bool batcher_take_between(struct batcher *batcher, struct pass *pass);

/* How many tokens such a pass of that model has at most. */
size_t batcher_slice_tokens(const struct batcher *batcher, size_t model);

/* Whether anything waits, so that helpers should be sent back. A moment's truth; takes no lock. */
bool batcher_has_waiting(const struct batcher *batcher);

/* The same of small groups: whether batcher_take_between would give something. */
bool batcher_has_small(const struct batcher *batcher);

/* No more helpers are sent to this team. */
void batcher_withdraw(struct batcher *batcher, struct team *own);

/* Once a pass's vectors are there: from here on no job follows them any more, and those that do
 * (each job's `followers`, linked by next_follower) are the worker's to fill in. */
void batcher_settle(struct batcher *batcher, const struct pass *pass);

/* Gives back a settled pass whose jobs and their followers have their status; calls done() of the
 * groups that end with it. */
void batcher_finish(struct batcher *batcher, const struct pass *pass);

/* Takes a group's waiting jobs out of the queue, as CANCELLED; those being encoded, and those that
 * others follow, end by themselves. done() is called here if there are none. A group that was
 * submitted and is done already is not touched; its memory must still be there. */
void batcher_cancel(struct batcher *batcher, struct job_group *group);

/* From now on so many of the workers that ask for work are left waiting, since there are cores for
 * the others only. Which ones may change; those that have work end it first. */
void batcher_rest(struct batcher *batcher, size_t n_resting);

/* From now on submit answers STOPPING, what waits ends with that status at once, and batcher_take
 * answers false. Running passes are given back as usual. */
void batcher_stop(struct batcher *batcher);

void batcher_get_stats(struct batcher *batcher, size_t model, struct batcher_stats *ret_stats);

#endif
