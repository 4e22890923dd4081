/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN
 *
 * Groups wait in two lists. A group whose texts together are no more than a slice (an eighth of a
 * pass) is small: small groups are served first come, first served, whole. The others are large:
 * they are served in turns, a slice of tokens a turn (deficit round robin: Shreedhar and Varghese,
 * "Efficient Fair Queuing Using Deficit Round-Robin", 1995; what a turn leaves over is added to the
 * next, so requests with long texts and with short ones get the same share of tokens).
 *
 * A pass is filled with small groups first, but to no more than half while large ones wait; then
 * with turns of large ones; then with small ones again. So a small request waits for the pass that
 * is being encoded and no more (promise 4), and small ones cannot starve a large one.
 *
 * INVARIANTS, under the mutex
 *  1. A group is in a list if and only if it has waiting jobs (n_taken < n_jobs).
 *  2. queued_tokens is the sum of n_tokens_waiting over both lists, and at most most_queued_tokens.
 *  3. n_unfinished counts waiting and running jobs. Whoever brings it to 0 calls done(), after
 * unlocking: nobody else sees that moment, so done() is called once.
 *  4. done() is never called with the mutex held. */
#include "engine/schedule/batcher.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

enum { SLICES_PER_PASS = 8 };

struct group_list {
    struct job_group *first;
    struct job_group *last;
};

struct batcher {
    struct batcher_options options;
    size_t slice_tokens;

    pthread_mutex_t mutex; /* guards what follows, and the private part of every group */
    pthread_cond_t work;   /* signalled when something waits, broadcast when stopped */
    struct group_list small;
    struct group_list large; /* the head's turn comes next */
    struct batcher_stats stats;
    bool stopped;
};

static void list_append(struct group_list *list, struct job_group *group)
{
    group->previous = list->last;
    group->next = NULL;
    if (list->last)
        list->last->next = group;
    else
        list->first = group;
    list->last = group;
}

static void list_remove(struct group_list *list, struct job_group *group)
{
    if (group->previous)
        group->previous->next = group->next;
    else
        list->first = group->next;
    if (group->next)
        group->next->previous = group->previous;
    else
        list->last = group->previous;
    group->previous = NULL;
    group->next = NULL;
}

static struct group_list *list_of(struct batcher *batcher, const struct job_group *group)
{
    return group->n_tokens <= batcher->slice_tokens ? &batcher->small : &batcher->large;
}

enum status batcher_new(struct batcher **ret_batcher, const struct batcher_options *options)
{
    struct batcher *batcher = calloc(1, sizeof *batcher);

    if (!batcher)
        return STATUS_NO_MEMORY;
    batcher->options = *options;
    batcher->slice_tokens = options->most_pass_tokens / SLICES_PER_PASS;
    if (batcher->slice_tokens == 0)
        batcher->slice_tokens = 1;
    if (pthread_mutex_init(&batcher->mutex, NULL)) {
        free(batcher);
        return STATUS_NO_MEMORY;
    }
    if (pthread_cond_init(&batcher->work, NULL)) {
        pthread_mutex_destroy(&batcher->mutex);
        free(batcher);
        return STATUS_NO_MEMORY;
    }
    *ret_batcher = batcher;
    return STATUS_OK;
}

void batcher_free(struct batcher *batcher)
{
    if (!batcher)
        return;
    assert(!batcher->small.first && !batcher->large.first && !batcher->stats.running_texts);
    pthread_cond_destroy(&batcher->work);
    pthread_mutex_destroy(&batcher->mutex);
    free(batcher);
}

enum status batcher_submit(struct batcher *batcher, struct job_group *group)
{
    size_t n_tokens = 0;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < group->n_jobs; i++)
        n_tokens += group->jobs[i].n_tokens;
    pthread_mutex_lock(&batcher->mutex);
    if (batcher->stopped) {
        status = STATUS_STOPPING;
    } else if (n_tokens > batcher->options.most_queued_tokens - batcher->stats.queued_tokens) {
        status = STATUS_OVERLOADED;
    } else {
        group->n_tokens = n_tokens;
        group->n_tokens_waiting = n_tokens;
        group->n_taken = 0;
        group->n_unfinished = group->n_jobs;
        group->credit_tokens = 0;
        group->submitted_us = batcher->options.now_us();
        group->started_us = 0;
        batcher->stats.queued_texts += group->n_jobs;
        batcher->stats.queued_tokens += n_tokens;
        list_append(list_of(batcher, group), group);
        /* A large group is work for every worker. */
        if (group->n_jobs > 1)
            pthread_cond_broadcast(&batcher->work);
        else
            pthread_cond_signal(&batcher->work);
    }
    pthread_mutex_unlock(&batcher->mutex);
    return status;
}

/* ---- taking ---- */

/* Moves a group's next job into the pass. */
static void take_job(struct batcher *batcher, struct pass *pass, struct job_group *group)
{
    struct job *job = &group->jobs[group->n_taken++];

    if (group->n_taken == 1)
        group->started_us = batcher->options.now_us();
    group->n_tokens_waiting -= job->n_tokens;
    batcher->stats.queued_texts--;
    batcher->stats.queued_tokens -= job->n_tokens;
    batcher->stats.running_texts++;
    batcher->stats.running_tokens += job->n_tokens;
    pass->jobs[pass->n_jobs] = job;
    pass->groups[pass->n_jobs] = group;
    pass->n_jobs++;
    pass->n_tokens += job->n_tokens;
}

/* Whether a text may join a pass of at most `most_tokens`: a pass's first text always may. */
static bool fits(const struct pass *pass, const struct job *job, size_t most_tokens)
{
    return pass->n_jobs == 0 ||
           (pass->n_tokens < most_tokens && job->n_tokens <= most_tokens - pass->n_tokens);
}

/* Takes small groups, in the order in which they came, as long as the pass stays within
 * most_tokens. */
static void take_small(struct batcher *batcher, struct pass *pass, size_t most_tokens)
{
    while (batcher->small.first) {
        struct job_group *group = batcher->small.first;

        while (group->n_taken < group->n_jobs) {
            if (!fits(pass, &group->jobs[group->n_taken], most_tokens))
                return;
            take_job(batcher, pass, group);
        }
        list_remove(&batcher->small, group);
    }
}

/* Gives large groups their turns until the pass is full. The group whose next text does not fit
 * keeps its turn. */
static void take_large(struct batcher *batcher, struct pass *pass)
{
    while (batcher->large.first) {
        struct job_group *group = batcher->large.first;

        group->credit_tokens += batcher->slice_tokens;
        while (group->n_taken < group->n_jobs &&
               group->jobs[group->n_taken].n_tokens <= group->credit_tokens) {
            struct job *job = &group->jobs[group->n_taken];

            if (!fits(pass, job, batcher->options.most_pass_tokens)) {
                group->credit_tokens -= batcher->slice_tokens;
                return;
            }
            group->credit_tokens -= job->n_tokens;
            take_job(batcher, pass, group);
        }
        list_remove(&batcher->large, group);
        if (group->n_taken < group->n_jobs)
            list_append(&batcher->large, group);
    }
}

static bool fill_pass(struct batcher *batcher, struct pass *pass)
{
    size_t most_tokens = batcher->options.most_pass_tokens;

    pass->n_jobs = 0;
    pass->n_tokens = 0;
    take_small(batcher, pass, batcher->large.first ? most_tokens / 2 : most_tokens);
    take_large(batcher, pass);
    take_small(batcher, pass, most_tokens);
    if (pass->n_jobs)
        batcher->stats.running_passes++;
    return pass->n_jobs > 0;
}

bool batcher_take(struct batcher *batcher, struct pass *pass)
{
    bool taken;

    pthread_mutex_lock(&batcher->mutex);
    while (!batcher->stopped && !batcher->small.first && !batcher->large.first)
        pthread_cond_wait(&batcher->work, &batcher->mutex);
    taken = fill_pass(batcher, pass);
    pthread_mutex_unlock(&batcher->mutex);
    return taken;
}

bool batcher_try_take(struct batcher *batcher, struct pass *pass)
{
    bool taken;

    pthread_mutex_lock(&batcher->mutex);
    taken = fill_pass(batcher, pass);
    pthread_mutex_unlock(&batcher->mutex);
    return taken;
}

/* ---- ending ---- */

/* The group's last job has ended: fills in what the owner reads. */
static void close_group(struct batcher *batcher, struct job_group *group)
{
    group->finished_us = batcher->options.now_us();
    if (!group->started_us)
        group->started_us = group->finished_us;
    group->status = STATUS_OK;
    for (size_t i = 0; i < group->n_jobs && !group->status; i++)
        group->status = group->jobs[i].status;
}

/* Ends a group's waiting jobs with `status`. True if the group ends with them. */
static bool drop_waiting(struct batcher *batcher, struct job_group *group, enum status status)
{
    size_t n_dropped = group->n_jobs - group->n_taken;

    if (n_dropped == 0)
        return false;
    list_remove(list_of(batcher, group), group);
    for (size_t i = group->n_taken; i < group->n_jobs; i++)
        group->jobs[i].status = status;
    batcher->stats.queued_texts -= n_dropped;
    batcher->stats.queued_tokens -= group->n_tokens_waiting;
    group->n_tokens_waiting = 0;
    group->n_taken = group->n_jobs;
    group->n_unfinished -= n_dropped;
    return group->n_unfinished == 0;
}

/* Calls done() for a list of ended groups, linked by `next`. Without the mutex. */
static void hand_back(struct job_group *ended)
{
    while (ended) {
        struct job_group *next = ended->next;

        ended->next = NULL;
        ended->done(ended);
        ended = next;
    }
}

void batcher_finish(struct batcher *batcher, const struct pass *pass)
{
    struct job_group *ended = NULL;

    pthread_mutex_lock(&batcher->mutex);
    for (size_t i = 0; i < pass->n_jobs; i++) {
        struct job_group *group = pass->groups[i];

        if (--group->n_unfinished > 0)
            continue;
        close_group(batcher, group);
        group->next = ended;
        ended = group;
    }
    batcher->stats.running_texts -= pass->n_jobs;
    batcher->stats.running_tokens -= pass->n_tokens;
    batcher->stats.running_passes--;
    pthread_mutex_unlock(&batcher->mutex);
    hand_back(ended);
}

void batcher_cancel(struct batcher *batcher, struct job_group *group)
{
    bool ends = false;

    pthread_mutex_lock(&batcher->mutex);
    if (group->n_unfinished > 0)
        ends = drop_waiting(batcher, group, STATUS_CANCELLED);
    if (ends)
        close_group(batcher, group);
    pthread_mutex_unlock(&batcher->mutex);
    if (ends)
        group->done(group);
}

void batcher_stop(struct batcher *batcher)
{
    struct group_list *lists[] = {&batcher->small, &batcher->large};
    struct job_group *ended = NULL;

    pthread_mutex_lock(&batcher->mutex);
    batcher->stopped = true;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        while (lists[i]->first) {
            struct job_group *group = lists[i]->first;

            if (!drop_waiting(batcher, group, STATUS_STOPPING))
                continue;
            close_group(batcher, group);
            group->next = ended;
            ended = group;
        }
    }
    pthread_cond_broadcast(&batcher->work);
    pthread_mutex_unlock(&batcher->mutex);
    hand_back(ended);
}

void batcher_get_stats(struct batcher *batcher, struct batcher_stats *ret_stats)
{
    pthread_mutex_lock(&batcher->mutex);
    *ret_stats = batcher->stats;
    pthread_mutex_unlock(&batcher->mutex);
}
