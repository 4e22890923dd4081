/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN
 *
 * A text that waits or runs already is not encoded twice: the job that came later follows the one
 * that came first, its leader, and takes no part in what is said of waiting jobs below. (Lawful
 * because of promise 1.) But a small request does not stand behind a large one for it (promise 4):
 * if the first waits in a large group, the small group's job takes the lead; if it runs in one, the
 * text is encoded once more, as a duplicate.
 *
 * What of the rest is encoded next is turns.h's to say. A small request never waits for a large
 * one's pass to end: it is encoded by an idle worker, or between two tiles of the pass that runs.
 *
 * INVARIANTS, under the mutex
 *  1. A group is in a list of `turns` if and only if it has WAITING jobs.
 *  2. queued_tokens is the sum of tokens of WAITING jobs, and at most max_queued_tokens.
 *  3. n_unfinished counts jobs that are not ENDED. Whoever brings it to 0 calls done(), after
 *     unlocking: nobody else sees that moment, so done() is called once.
 *  4. done() is never called with the mutex held.
 *  5. A job that is no duplicate is in flight, and may be followed, while it is WAITING or RUNNING
 *     and until batcher_settle. A cancelled job that is followed is encoded all the same.
 */
#include "engine/schedule/batcher.h"

#include "engine/encoder/team.h"
#include "engine/schedule/inflight.h"
#include "engine/schedule/turns.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct batcher {
    struct batcher_options options;

    pthread_mutex_t mutex; /* guards what follows, and the private part of every group */
    pthread_cond_t work;   /* signalled when something waits, broadcast when stopped */
    struct turns turns;
    struct inflight inflight;
    struct batcher_stats stats;
    struct team *open_teams; /* of running passes that take helpers */
    size_t n_idle;           /* workers that wait in batcher_take */
    bool stopped;

    atomic_bool has_waiting; /* to be read without the mutex */
    atomic_bool has_small;
};

enum status batcher_new(struct batcher **ret_batcher, const struct batcher_options *options)
{
    struct batcher *batcher = calloc(1, sizeof *batcher);

    if (!batcher)
        return STATUS_NO_MEMORY;
    batcher->options = *options;
    turns_init(&batcher->turns, options->max_pass_tokens);
    if (inflight_init(&batcher->inflight)) {
        free(batcher);
        return STATUS_NO_MEMORY;
    }
    pthread_mutex_init(&batcher->mutex, NULL);
    pthread_cond_init(&batcher->work, NULL);
    *ret_batcher = batcher;
    return STATUS_OK;
}

void batcher_free(struct batcher *batcher)
{
    if (!batcher)
        return;
    assert(!turns_get_waiting(&batcher->turns) && !batcher->stats.running_texts);
    pthread_cond_destroy(&batcher->work);
    pthread_mutex_destroy(&batcher->mutex);
    inflight_release(&batcher->inflight);
    free(batcher);
}

/* The group's last job has ended: fills in what the owner reads. */
static void close_group(struct batcher *batcher, struct job_group *group)
{
    group->finished_us = batcher->options.now_us();
    group->queue_us = group->finished_us - group->submitted_us - group->encode_us;
    group->status = STATUS_OK;
    for (size_t i = 0; i < group->n_jobs && !group->status; i++)
        group->status = group->jobs[i].status;
}

/* Calls done() for a list of ended groups, linked by `next`. Without the mutex. */
static void hand_back(struct job_group *ended)
{
    while (ended) {
        struct job_group *next = ended->engine.next;

        ended->engine.next = NULL;
        ended->done(ended);
        ended = next;
    }
}

/* Updates the flags that are read without the mutex. */
static void publish(struct batcher *batcher)
{
    atomic_store(&batcher->has_waiting, turns_get_waiting(&batcher->turns) != NULL);
    atomic_store(&batcher->has_small, batcher->turns.small.first != NULL);
}

/* ---- waiting ---- */

static void enter_queue(struct batcher *batcher, struct job *job)
{
    turns_enter(&batcher->turns, job);
    batcher->stats.queued_texts++;
    batcher->stats.queued_tokens += job->n_tokens;
}

static void leave_queue(struct batcher *batcher, struct job *job)
{
    turns_leave(&batcher->turns, job);
    batcher->stats.queued_texts--;
    batcher->stats.queued_tokens -= job->n_tokens;
}

static void leave_flight(struct batcher *batcher, struct job *job)
{
    if (!job->engine.is_duplicate)
        inflight_remove(&batcher->inflight, job);
}

/* ---- coming ---- */

/* Whether the group's texts, of which one is the leader's too, are not to wait for it. */
static bool overtakes(const struct batcher *batcher, const struct job_group *group,
                      const struct job *leader)
{
    return turns_is_small(&batcher->turns, group) &&
           !turns_is_small(&batcher->turns, leader->engine.group);
}

/* Tokens of the texts that are to be encoded for the group, whoever else asks for them. */
static size_t count_tokens(const struct job_group *group)
{
    size_t n_tokens = 0;

    for (size_t i = 0; i < group->n_jobs; i++)
        if (group->jobs[i].engine.state != JOB_ENDED)
            n_tokens += group->jobs[i].n_tokens;
    return n_tokens;
}

/* Tokens that the group would add to the queue, counting each of its texts once. */
static size_t count_new_tokens(const struct batcher *batcher, const struct job_group *group)
{
    size_t n_tokens = 0;

    for (size_t i = 0; i < group->n_jobs; i++) {
        const struct job *job = &group->jobs[i];
        const struct job *leader = NULL;

        if (job->engine.state != JOB_ENDED)
            leader = inflight_find(&batcher->inflight, job->engine.key);
        if (job->engine.state != JOB_ENDED &&
            (!leader || (leader->engine.state == JOB_RUNNING && overtakes(batcher, group, leader))))
            n_tokens += job->n_tokens;
    }
    return n_tokens;
}

/* The job waits in the place of one that has waited until now, which follows it from here on, as do
 * all that followed that one. */
static void take_lead(struct batcher *batcher, struct job *job, struct job *old)
{
    struct job *followers = old->engine.followers;

    inflight_remove(&batcher->inflight, old);
    leave_queue(batcher, old);
    old->engine.followers = NULL;
    job_follow(old, job);
    while (followers) {
        struct job *next = followers->engine.next_follower;

        job_follow(followers, job);
        followers = next;
    }
    inflight_add(&batcher->inflight, job);
    enter_queue(batcher, job);
}

/* Lets the job wait, or follow one of the same text. */
static void enter_job(struct batcher *batcher, struct job_group *group, struct job *job)
{
    struct job *leader = inflight_find(&batcher->inflight, job->engine.key);

    job->engine.group = group;
    job->engine.followers = NULL;
    job->engine.leader = NULL;
    job->engine.is_duplicate = false;
    group->engine.n_unfinished++;
    if (!leader) {
        inflight_add(&batcher->inflight, job);
        enter_queue(batcher, job);
    } else if (!overtakes(batcher, group, leader)) {
        job_follow(job, leader);
        batcher->stats.followed_texts++;
    } else if (leader->engine.state == JOB_WAITING) {
        take_lead(batcher, job, leader);
        batcher->stats.followed_texts++;
    } else {
        job->engine.is_duplicate = true;
        enter_queue(batcher, job);
    }
}

static void enter_group(struct batcher *batcher, struct job_group *group)
{
    group->engine.n_waiting = 0;
    group->engine.next_job = 0;
    group->engine.n_unfinished = 0;
    group->engine.cancelled = false;
    group->engine.credit_tokens = 0;
    group->submitted_us = batcher->options.now_us();
    group->encode_us = 0;
    group->engine.n_running = 0;
    for (size_t i = 0; i < group->n_jobs; i++)
        if (group->jobs[i].engine.state != JOB_ENDED)
            enter_job(batcher, group, &group->jobs[i]);
    if (group->engine.n_waiting > 0)
        publish(batcher);
}

/* Wakes a worker, or all where there is work for several. Not under the mutex: a thread that is
 * woken while another holds what it needs goes back to sleep, and on a busy core it may be a
 * scheduler's tick until the holder runs again. */
static void wake_workers(struct batcher *batcher, size_t n_wanted)
{
    if (n_wanted > 1)
        pthread_cond_broadcast(&batcher->work);
    else if (n_wanted == 1)
        pthread_cond_signal(&batcher->work);
}

enum status batcher_submit(struct batcher *batcher, struct job_group *group)
{
    enum status status = STATUS_OK;
    size_t n_waiting;
    bool ends = false;

    pthread_mutex_lock(&batcher->mutex);
    group->engine.n_tokens = count_tokens(group);
    if (batcher->stopped)
        status = STATUS_STOPPING;
    else if (count_new_tokens(batcher, group) >
             batcher->options.max_queued_tokens - batcher->stats.queued_tokens)
        status = STATUS_OVERLOADED;
    else
        enter_group(batcher, group);
    n_waiting = status ? 0 : group->engine.n_waiting;
    ends = !status && group->engine.n_unfinished == 0;
    if (ends)
        close_group(batcher, group);
    pthread_mutex_unlock(&batcher->mutex);
    wake_workers(batcher, n_waiting);
    if (ends)
        group->done(group);
    return status;
}

/* ---- taking ---- */

static void pass_clear(struct pass *pass)
{
    pass->n_jobs = 0;
    pass->n_tokens = 0;
}

/* The pass's jobs wait no longer, and are encoded from now on. False if there are none. */
static bool begin_pass(struct batcher *batcher, const struct pass *pass)
{
    int64_t now_us;

    if (pass->n_jobs == 0)
        return false;
    now_us = batcher->options.now_us();
    for (size_t i = 0; i < pass->n_jobs; i++)
        job_group_begin_encoding(pass->jobs[i]->engine.group, now_us);
    batcher->stats.queued_texts -= pass->n_jobs;
    batcher->stats.queued_tokens -= pass->n_tokens;
    batcher->stats.running_texts += pass->n_jobs;
    batcher->stats.running_tokens += pass->n_tokens;
    batcher->stats.running_passes++;
    publish(batcher);
    return true;
}

enum work batcher_take(struct batcher *batcher, struct pass *pass, struct team *own,
                       struct team **ret_team)
{
    enum work work = WORK_NONE;
    size_t n_helpers = 0;

    pass_clear(pass);
    pthread_mutex_lock(&batcher->mutex);
    batcher->n_idle++;
    while (!batcher->stopped && (batcher->n_idle <= batcher->stats.resting_workers ||
                                 (!turns_get_waiting(&batcher->turns) && !batcher->open_teams)))
        pthread_cond_wait(&batcher->work, &batcher->mutex);
    batcher->n_idle--;
    turns_fill(&batcher->turns, pass);
    if (begin_pass(batcher, pass)) {
        work = WORK_PASS;
        team_open(own);
        if (!batcher->options.works_alone) {
            own->next_open = batcher->open_teams;
            batcher->open_teams = own;
            n_helpers = batcher->n_idle;
        }
    } else if (batcher->open_teams) {
        work = WORK_HELP;
        *ret_team = batcher->open_teams;
        team_enter(*ret_team);
    }
    pthread_mutex_unlock(&batcher->mutex);
    wake_workers(batcher, n_helpers);
    return work;
}

void batcher_rest(struct batcher *batcher, size_t n_resting)
{
    pthread_mutex_lock(&batcher->mutex);
    batcher->stats.resting_workers = n_resting;
    pthread_cond_broadcast(&batcher->work);
    pthread_mutex_unlock(&batcher->mutex);
}

bool batcher_take_between(struct batcher *batcher, struct pass *pass)
{
    bool taken;

    pass_clear(pass);
    pthread_mutex_lock(&batcher->mutex);
    turns_fill_small(&batcher->turns, pass);
    taken = begin_pass(batcher, pass);
    pthread_mutex_unlock(&batcher->mutex);
    return taken;
}

size_t batcher_slice_tokens(const struct batcher *batcher)
{
    return batcher->turns.slice_tokens;
}

bool batcher_has_waiting(const struct batcher *batcher)
{
    return atomic_load_explicit(&batcher->has_waiting, memory_order_relaxed);
}

bool batcher_has_small(const struct batcher *batcher)
{
    return atomic_load_explicit(&batcher->has_small, memory_order_relaxed);
}

void batcher_withdraw(struct batcher *batcher, struct team *own)
{
    struct team **link = &batcher->open_teams;

    pthread_mutex_lock(&batcher->mutex);
    while (*link && *link != own)
        link = &(*link)->next_open;
    if (*link)
        *link = own->next_open;
    pthread_mutex_unlock(&batcher->mutex);
}

/* ---- ending ---- */

/* The job has ended; its group, if it ends with it, goes to the front of `ended`. */
static void end_job(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    struct job_group *group = job->engine.group;

    job->engine.state = JOB_ENDED;
    if (--group->engine.n_unfinished > 0)
        return;
    close_group(batcher, group);
    group->engine.next = *ended;
    *ended = group;
}

void batcher_settle(struct batcher *batcher, const struct pass *pass)
{
    pthread_mutex_lock(&batcher->mutex);
    for (size_t i = 0; i < pass->n_jobs; i++) {
        leave_flight(batcher, pass->jobs[i]);
        for (struct job *follower = pass->jobs[i]->engine.followers; follower;
             follower = follower->engine.next_follower)
            follower->engine.state = JOB_RUNNING;
    }
    pthread_mutex_unlock(&batcher->mutex);
}

void batcher_finish(struct batcher *batcher, const struct pass *pass)
{
    struct job_group *ended = NULL;
    int64_t now_us;

    pthread_mutex_lock(&batcher->mutex);
    now_us = batcher->options.now_us();
    for (size_t i = 0; i < pass->n_jobs; i++) {
        job_group_end_encoding(pass->jobs[i]->engine.group, now_us);
        for (struct job *job = pass->jobs[i]->engine.followers; job;
             job = job->engine.next_follower)
            end_job(batcher, job, &ended);
        end_job(batcher, pass->jobs[i], &ended);
    }
    batcher->stats.running_texts -= pass->n_jobs;
    batcher->stats.running_tokens -= pass->n_tokens;
    batcher->stats.running_passes--;
    pthread_mutex_unlock(&batcher->mutex);
    hand_back(ended);
}

/* Ends a job that waits, and that nobody follows. */
static void give_up_waiting(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    leave_flight(batcher, job);
    leave_queue(batcher, job);
    job->status = STATUS_CANCELLED;
    end_job(batcher, job, ended);
}

/* Ends a job that follows another, and with it a leader that was kept only for it. */
static void give_up_following(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    struct job *leader = job->engine.leader;

    job_unfollow(job);
    job->status = STATUS_CANCELLED;
    end_job(batcher, job, ended);
    if (leader->engine.state == JOB_WAITING && !leader->engine.followers &&
        leader->engine.group->engine.cancelled)
        give_up_waiting(batcher, leader, ended);
}

void batcher_cancel(struct batcher *batcher, struct job_group *group)
{
    struct job_group *ended = NULL;

    pthread_mutex_lock(&batcher->mutex);
    group->engine.cancelled = true;
    for (size_t i = 0; i < group->n_jobs && group->engine.n_unfinished > 0; i++) {
        struct job *job = &group->jobs[i];

        if (job->engine.state == JOB_FOLLOWING)
            give_up_following(batcher, job, &ended);
        else if (job->engine.state == JOB_WAITING && !job->engine.followers)
            give_up_waiting(batcher, job, &ended);
    }
    publish(batcher);
    pthread_mutex_unlock(&batcher->mutex);
    hand_back(ended);
}

/* Ends a waiting job and all that follow it. */
static void stop_job(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    leave_flight(batcher, job);
    leave_queue(batcher, job);
    for (struct job *follower = job->engine.followers; follower;
         follower = follower->engine.next_follower) {
        follower->status = STATUS_STOPPING;
        end_job(batcher, follower, ended);
    }
    job->status = STATUS_STOPPING;
    end_job(batcher, job, ended);
}

void batcher_stop(struct batcher *batcher)
{
    struct job_group *ended = NULL;
    struct job *job;

    pthread_mutex_lock(&batcher->mutex);
    batcher->stopped = true;
    while ((job = turns_get_waiting(&batcher->turns)))
        stop_job(batcher, job, &ended);
    publish(batcher);
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
