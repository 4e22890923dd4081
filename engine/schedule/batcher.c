/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN
 *
 * A text that waits or runs already is not encoded twice: the job that came later follows the one
 * that came first, its leader, and takes no part in what is said of waiting jobs below. (Lawful
 * because of promise 1.)
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
 *  1. A group is in a list if and only if it has WAITING jobs.
 *  2. queued_tokens is the sum of tokens of WAITING jobs, and at most most_queued_tokens.
 *  3. n_unfinished counts jobs that are not ENDED. Whoever brings it to 0 calls done(), after
 * unlocking: nobody else sees that moment, so done() is called once.
 *  4. done() is never called with the mutex held.
 *  5. A job is in flight, and may be followed, while it is WAITING or RUNNING and until
 * batcher_settle. A cancelled job that is followed is encoded all the same.
 */
#include "engine/schedule/batcher.h"

#include "engine/encoder/team.h"
#include "engine/schedule/group_list.h"
#include "engine/schedule/inflight.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SLICES_PER_PASS = 8 };

struct batcher {
    struct batcher_options options;
    size_t slice_tokens;

    pthread_mutex_t mutex; /* guards what follows, and the private part of every group */
    pthread_cond_t work;   /* signalled when something waits, broadcast when stopped */
    struct group_list small;
    struct group_list large; /* the head's turn comes next */
    struct inflight inflight;
    struct batcher_stats stats;
    struct team *open_teams; /* of running passes that take helpers */
    size_t n_idle;           /* workers that wait in batcher_take */
    bool stopped;

    atomic_size_t n_waiting; /* stats.queued_texts, to be read without the mutex */
};

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
    assert(!batcher->small.first && !batcher->large.first && !batcher->stats.running_texts);
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
        struct job_group *next = ended->next;

        ended->next = NULL;
        ended->done(ended);
        ended = next;
    }
}

/* ---- coming ---- */

/* Tokens that the group would add to the queue, but for texts that it has twice. */
static size_t count_new_tokens(const struct batcher *batcher, const struct job_group *group)
{
    size_t n_tokens = 0;

    for (size_t i = 0; i < group->n_jobs; i++)
        if (group->jobs[i].state != JOB_ENDED &&
            !inflight_find(&batcher->inflight, group->jobs[i].key))
            n_tokens += group->jobs[i].n_tokens;
    return n_tokens;
}

/* Lets the job wait, or follow one of the same text. */
static void enter_job(struct batcher *batcher, struct job_group *group, struct job *job)
{
    struct job *leader = inflight_find(&batcher->inflight, job->key);

    job->group = group;
    job->followers = NULL;
    job->leader = leader;
    group->n_unfinished++;
    if (leader) {
        job->state = JOB_FOLLOWING;
        job->next_follower = leader->followers;
        leader->followers = job;
        batcher->stats.followed_texts++;
        return;
    }
    job->state = JOB_WAITING;
    inflight_add(&batcher->inflight, job);
    group->n_waiting++;
    group->n_tokens += job->n_tokens;
    batcher->stats.queued_texts++;
    batcher->stats.queued_tokens += job->n_tokens;
}

static void enter_group(struct batcher *batcher, struct job_group *group)
{
    group->n_tokens = 0;
    group->n_waiting = 0;
    group->next_job = 0;
    group->n_unfinished = 0;
    group->cancelled = false;
    group->credit_tokens = 0;
    group->submitted_us = batcher->options.now_us();
    group->encode_us = 0;
    group->n_running = 0;
    for (size_t i = 0; i < group->n_jobs; i++)
        if (group->jobs[i].state != JOB_ENDED)
            enter_job(batcher, group, &group->jobs[i]);
    if (group->n_waiting == 0)
        return;
    group_list_append(list_of(batcher, group), group);
    atomic_store(&batcher->n_waiting, batcher->stats.queued_texts);
    /* Several texts are work for several workers. */
    if (group->n_waiting > 1)
        pthread_cond_broadcast(&batcher->work);
    else
        pthread_cond_signal(&batcher->work);
}

enum status batcher_submit(struct batcher *batcher, struct job_group *group)
{
    enum status status = STATUS_OK;
    bool ends = false;

    pthread_mutex_lock(&batcher->mutex);
    if (batcher->stopped)
        status = STATUS_STOPPING;
    else if (count_new_tokens(batcher, group) >
             batcher->options.most_queued_tokens - batcher->stats.queued_tokens)
        status = STATUS_OVERLOADED;
    else
        enter_group(batcher, group);
    ends = !status && group->n_unfinished == 0;
    if (ends)
        close_group(batcher, group);
    pthread_mutex_unlock(&batcher->mutex);
    if (ends)
        group->done(group);
    return status;
}

/* ---- taking ---- */

/* The group's next job that waits. */
static struct job *next_waiting(struct job_group *group)
{
    while (group->next_job < group->n_jobs && group->jobs[group->next_job].state != JOB_WAITING)
        group->next_job++;
    return group->next_job < group->n_jobs ? &group->jobs[group->next_job] : NULL;
}

/* The job waits no longer. */
static void leave_queue(struct batcher *batcher, struct job *job)
{
    struct job_group *group = job->group;

    batcher->stats.queued_texts--;
    batcher->stats.queued_tokens -= job->n_tokens;
    if (--group->n_waiting == 0)
        group_list_remove(list_of(batcher, group), group);
}

/* Moves a waiting job into the pass. */
static void take_job(struct batcher *batcher, struct pass *pass, struct job *job)
{
    job_group_begin_encoding(job->group, batcher->options.now_us());
    leave_queue(batcher, job);
    job->state = JOB_RUNNING;
    batcher->stats.running_texts++;
    batcher->stats.running_tokens += job->n_tokens;
    pass->jobs[pass->n_jobs++] = job;
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
        struct job *job = next_waiting(batcher->small.first);

        if (!fits(pass, job, most_tokens))
            return;
        take_job(batcher, pass, job);
    }
}

/* Gives large groups their turns until the pass is full. The group whose next text does not fit
 * keeps its turn. */
static void take_large(struct batcher *batcher, struct pass *pass)
{
    while (batcher->large.first) {
        struct job_group *group = batcher->large.first;
        struct job *job;

        group->credit_tokens += batcher->slice_tokens;
        while (group->n_waiting > 0 &&
               (job = next_waiting(group))->n_tokens <= group->credit_tokens) {
            if (!fits(pass, job, batcher->options.most_pass_tokens)) {
                group->credit_tokens -= batcher->slice_tokens;
                return;
            }
            group->credit_tokens -= job->n_tokens;
            take_job(batcher, pass, job);
        }
        if (group->n_waiting > 0) {
            group_list_remove(&batcher->large, group);
            group_list_append(&batcher->large, group);
        }
    }
}

static void pass_clear(struct pass *pass)
{
    pass->n_jobs = 0;
    pass->n_tokens = 0;
}

static bool has_taken(struct batcher *batcher, const struct pass *pass)
{
    atomic_store(&batcher->n_waiting, batcher->stats.queued_texts);
    if (pass->n_jobs)
        batcher->stats.running_passes++;
    return pass->n_jobs > 0;
}

static bool fill_pass(struct batcher *batcher, struct pass *pass)
{
    size_t most_tokens = batcher->options.most_pass_tokens;

    pass_clear(pass);
    take_small(batcher, pass, batcher->large.first ? most_tokens / 2 : most_tokens);
    take_large(batcher, pass);
    take_small(batcher, pass, most_tokens);
    return has_taken(batcher, pass);
}

static bool has_queued(const struct batcher *batcher)
{
    return batcher->small.first || batcher->large.first;
}

enum work batcher_take(struct batcher *batcher, struct pass *pass, struct team *own,
                       struct team **ret_team)
{
    enum work work = WORK_NONE;

    pthread_mutex_lock(&batcher->mutex);
    batcher->n_idle++;
    while (!batcher->stopped && !has_queued(batcher) && !batcher->open_teams)
        pthread_cond_wait(&batcher->work, &batcher->mutex);
    batcher->n_idle--;
    if (fill_pass(batcher, pass)) {
        work = WORK_PASS;
        team_open(own);
        own->next_open = batcher->open_teams;
        batcher->open_teams = own;
        if (batcher->n_idle)
            pthread_cond_broadcast(&batcher->work);
    } else if (batcher->open_teams) {
        work = WORK_HELP;
        *ret_team = batcher->open_teams;
        team_enter(*ret_team);
    }
    pthread_mutex_unlock(&batcher->mutex);
    return work;
}

bool batcher_take_between(struct batcher *batcher, struct pass *pass)
{
    bool taken;

    pthread_mutex_lock(&batcher->mutex);
    pass_clear(pass);
    take_small(batcher, pass, batcher->slice_tokens);
    taken = has_taken(batcher, pass);
    pthread_mutex_unlock(&batcher->mutex);
    return taken;
}

size_t batcher_slice_tokens(const struct batcher *batcher)
{
    return batcher->slice_tokens;
}

bool batcher_has_waiting(const struct batcher *batcher)
{
    return atomic_load_explicit(&batcher->n_waiting, memory_order_relaxed) > 0;
}

void batcher_withdraw(struct batcher *batcher, struct team *own)
{
    struct team **link = &batcher->open_teams;

    pthread_mutex_lock(&batcher->mutex);
    while (*link != own)
        link = &(*link)->next_open;
    *link = own->next_open;
    pthread_mutex_unlock(&batcher->mutex);
}

/* ---- ending ---- */

/* The job has ended; its group, if it ends with it, goes to the front of `ended`. */
static void end_job(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    struct job_group *group = job->group;

    job->state = JOB_ENDED;
    if (--group->n_unfinished > 0)
        return;
    close_group(batcher, group);
    group->next = *ended;
    *ended = group;
}

void batcher_settle(struct batcher *batcher, const struct pass *pass)
{
    pthread_mutex_lock(&batcher->mutex);
    for (size_t i = 0; i < pass->n_jobs; i++) {
        inflight_remove(&batcher->inflight, pass->jobs[i]);
        for (struct job *follower = pass->jobs[i]->followers; follower;
             follower = follower->next_follower)
            follower->state = JOB_RUNNING;
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
        job_group_end_encoding(pass->jobs[i]->group, now_us);
        for (struct job *job = pass->jobs[i]->followers; job; job = job->next_follower)
            end_job(batcher, job, &ended);
        end_job(batcher, pass->jobs[i], &ended);
    }
    batcher->stats.running_texts -= pass->n_jobs;
    batcher->stats.running_tokens -= pass->n_tokens;
    batcher->stats.running_passes--;
    pthread_mutex_unlock(&batcher->mutex);
    hand_back(ended);
}

/* Takes a follower from its leader. */
static void unfollow(struct job *job)
{
    struct job **link = &job->leader->followers;

    while (*link != job)
        link = &(*link)->next_follower;
    *link = job->next_follower;
}

/* Ends a job that waits, and that nobody follows. */
static void give_up_waiting(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    inflight_remove(&batcher->inflight, job);
    leave_queue(batcher, job);
    job->status = STATUS_CANCELLED;
    end_job(batcher, job, ended);
}

/* Ends a job that follows another, and with it a leader that was kept for nobody else. */
static void give_up_following(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    struct job *leader = job->leader;

    unfollow(job);
    job->status = STATUS_CANCELLED;
    end_job(batcher, job, ended);
    if (leader->state == JOB_WAITING && !leader->followers && leader->group->cancelled)
        give_up_waiting(batcher, leader, ended);
}

void batcher_cancel(struct batcher *batcher, struct job_group *group)
{
    struct job_group *ended = NULL;

    pthread_mutex_lock(&batcher->mutex);
    group->cancelled = true;
    for (size_t i = 0; i < group->n_jobs && group->n_unfinished > 0; i++) {
        struct job *job = &group->jobs[i];

        if (job->state == JOB_FOLLOWING)
            give_up_following(batcher, job, &ended);
        else if (job->state == JOB_WAITING && !job->followers)
            give_up_waiting(batcher, job, &ended);
    }
    atomic_store(&batcher->n_waiting, batcher->stats.queued_texts);
    pthread_mutex_unlock(&batcher->mutex);
    hand_back(ended);
}

/* Ends a waiting job and all that follow it. */
static void stop_job(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    inflight_remove(&batcher->inflight, job);
    leave_queue(batcher, job);
    for (struct job *follower = job->followers; follower; follower = follower->next_follower) {
        follower->status = STATUS_STOPPING;
        end_job(batcher, follower, ended);
    }
    job->status = STATUS_STOPPING;
    end_job(batcher, job, ended);
}

void batcher_stop(struct batcher *batcher)
{
    struct job_group *ended = NULL;

    pthread_mutex_lock(&batcher->mutex);
    batcher->stopped = true;
    while (batcher->small.first)
        stop_job(batcher, next_waiting(batcher->small.first), &ended);
    while (batcher->large.first)
        stop_job(batcher, next_waiting(batcher->large.first), &ended);
    atomic_store(&batcher->n_waiting, 0);
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
