/* SPDX-License-Identifier: Apache-2.0 */

/* Whose text is encoded next. Groups that have WAITING jobs are in one of two lists: small groups,
 * whose texts together are no more than a slice (an eighth of a pass), are served first come, first
 * served; large ones in turns, a slice of tokens a turn (deficit round robin: Shreedhar and
 * Varghese, "Efficient Fair Queuing Using Deficit Round-Robin", 1995; what a turn leaves over is
 * added to the next, so requests with long texts and with short ones get the same share of tokens).
 *
 * A pass has texts of one kind, so that a small request is not held up by the large ones that it
 * would share a pass with. While both kinds wait, their passes alternate and a small one is at most
 * half a pass, so small ones cannot starve a large one: that is order.h's to see to, which also
 * chooses among models. Each model has its own turns.
 *
 * The batcher's, under its mutex. */
#ifndef NESTD_ENGINE_SCHEDULE_TURNS_H
#define NESTD_ENGINE_SCHEDULE_TURNS_H

#include "engine/schedule/group_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job;
struct job_group;

/* What a worker takes at once. `jobs` is the worker's, of max_pass_tokens elements. */
struct pass {
    struct job **jobs; /* [n_jobs] */
    size_t n_jobs;
    size_t n_tokens;
    size_t model;  /* whose texts they are, by number */
    bool is_small; /* they are of small groups */
    int64_t began_us;
};

struct turns {
    size_t max_pass_tokens; /* a single text that is larger is a pass of its own */
    size_t pass_tokens;     /* of the next pass, up to that: queue.h's to say */
    size_t slice_tokens;
    struct group_list small;
    struct group_list large; /* the head's turn comes next */
    int64_t served_us[2];    /* [is_small]: of the workers' time, as order.h counts it */
};

void turns_init(struct turns *turns, size_t max_pass_tokens);

/* By the group's n_tokens, which must not change while the group is in a list. */
bool turns_is_small(const struct turns *turns, const struct job_group *group);

/* The job, or its group's first, comes to wait. */
void turns_enter(struct turns *turns, struct job *job);

/* The job waits no longer; the caller gives it another state. */
void turns_leave(struct turns *turns, struct job *job);

/* A job that waits, or NULL. */
struct job *turns_get_waiting(const struct turns *turns);

/* Each moves waiting jobs, now RUNNING, into an empty pass: those of small groups, up to max_tokens;
 * or those of large ones whose turn it is. */
void turns_fill_small(struct turns *turns, struct pass *pass, size_t max_tokens);
void turns_fill_large(struct turns *turns, struct pass *pass);

#endif
