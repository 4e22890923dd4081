/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN
 *
 * A text that waits or runs already is not encoded twice: the job that came later follows the one
 * that came first, its leader, and takes no part in what is said of waiting jobs below. (Lawful
 * because of promise 1.) But a small request does not stand behind a large one for it (promise 4):
 * if the first waits in a large group, the small group's job takes the lead; if it runs in one, the
 * text is encoded once more, as a duplicate.
 *
 * What of the rest is encoded next is order.h's and turns.h's to say, and how much of it one worker
 * takes, so that all have a share, queue.h's. A small request never waits for a large one's pass to
 * end: it is encoded by an idle worker, or between two tiles of the pass that runs.
 *
 * Where several models share the workers, each has a queue with a bound of its own, so that one
 * that is full does not refuse what is for another.
 *
 * INVARIANTS, under the mutex
 *  1. A group is in a list of `turns` if and only if it has WAITING jobs.
 *  2. A queue's queued_tokens is the sum of tokens of its WAITING jobs, and at most its
 *     max_queued_tokens.
 *  3. n_unfinished counts jobs that are not ENDED. Whoever brings it to 0 calls done(), after
 *     unlocking: nobody else sees that moment, so done() is called once.
 *  4. done() is never called with the mutex held.
 *  5. A job that is no duplicate is in flight, and may be followed, while it is WAITING or RUNNING
 *     and until batcher_settle. A cancelled job that is followed is encoded all the same.
 */
#include "engine/schedule/batcher.h"

#include "engine/encoder/encoder.h"
#include "engine/encoder/team.h"
#include "engine/schedule/order.h"
#include "engine/schedule/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct batcher {
    int64_t (*now_us)(void);
    size_t n_models;
    size_t n_workers;

    pthread_mutex_t mutex; /* guards what follows, and the private part of every group */
    pthread_cond_t work;   /* signalled when something waits, broadcast when stopped */
    struct queue *queues;  /* [n_models] */
    struct order order;
    struct team *open_teams; /* of running passes that take helpers */
    size_t n_idle;           /* workers that wait in batcher_take */
    size_t n_resting;        /* so many of them wait whatever there is to do */
    bool stopped;

    atomic_bool has_waiting; /* to be read without the mutex */
    atomic_bool has_small;
};

static enum status make_queues(struct batcher *batcher, const struct batcher_options *options)
{
    enum status status = order_init(&batcher->order, batcher->n_models);

    batcher->queues = calloc(batcher->n_models, sizeof *batcher->queues);
    if (!batcher->queues)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < batcher->n_models && !status; i++)
        status = queue_init(&batcher->queues[i], &options[i], &batcher->order.turns[i]);
    return status;
}

static void free_queues(struct batcher *batcher)
{
    for (size_t i = 0; batcher->queues && i < batcher->n_models; i++)
        queue_release(&batcher->queues[i]);
    free(batcher->queues);
    order_release(&batcher->order);
    free(batcher);
}

enum status batcher_new(struct batcher **ret_batcher, const struct batcher_options *options,
                        size_t n_models, size_t n_workers, int64_t (*now_us)(void))
{
    struct batcher *batcher = calloc(1, sizeof *batcher);
    enum status status;

    if (!batcher)
        return STATUS_NO_MEMORY;
    batcher->now_us = now_us;
    batcher->n_models = n_models;
    batcher->n_workers = n_workers;
    status = make_queues(batcher, options);
    if (status) {
        free_queues(batcher);
        return status;
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
    assert(!order_has_waiting(&batcher->order));
    for (size_t i = 0; i < batcher->n_models; i++)
        assert(!batcher->queues[i].stats.running_texts);
    pthread_cond_destroy(&batcher->work);
    pthread_mutex_destroy(&batcher->mutex);
    free_queues(batcher);
}

static struct queue *queue_of(struct batcher *batcher, const struct job_group *group)
{
    return &batcher->queues[group->engine.model];
}

/* The group's last job has ended: fills in what the owner reads. */
static void close_group(struct batcher *batcher, struct job_group *group)
{
    group->finished_us = batcher->now_us();
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
    atomic_store(&batcher->has_waiting, order_has_waiting(&batcher->order));
    atomic_store(&batcher->has_small, order_has_small(&batcher->order));
}

/* ---- coming ---- */

/* Tokens of the texts that are to be encoded for the group, whoever else asks for them. */
static size_t count_tokens(const struct job_group *group)
{
    size_t n_tokens = 0;

    for (size_t i = 0; i < group->n_jobs; i++)
        if (group->jobs[i].engine.state != JOB_ENDED)
            n_tokens += group->jobs[i].n_tokens;
    return n_tokens;
}

static void enter_group(struct batcher *batcher, struct job_group *group)
{
    struct queue *queue = queue_of(batcher, group);

    group->engine.n_waiting = 0;
    group->engine.next_job = 0;
    group->engine.n_unfinished = 0;
    group->engine.cancelled = false;
    group->engine.credit_tokens = 0;
    group->submitted_us = batcher->now_us();
    group->encode_us = 0;
    group->engine.n_running = 0;
    order_enter(&batcher->order, group->engine.model, group);
    for (size_t i = 0; i < group->n_jobs; i++)
        if (group->jobs[i].engine.state != JOB_ENDED)
            queue_enter(queue, group, &group->jobs[i]);
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

/* How many workers a group that has entered is to wake: its helpers as well as their pass's owner.
 * Were they woken by the owner, one wake after the other, the first layer of a lone text would be
 * over before they came. */
static size_t count_wanted(const struct batcher *batcher, const struct queue *queue,
                           const struct job_group *group)
{
    if (group->engine.n_waiting == 1 && !queue->options.works_alone)
        return batcher->n_idle > 1 ? batcher->n_idle : 1;
    return group->engine.n_waiting;
}

enum status batcher_submit(struct batcher *batcher, size_t model, struct job_group *group)
{
    struct queue *queue = &batcher->queues[model];
    enum status status = STATUS_OK;
    size_t n_wanted;
    bool ends = false;

    pthread_mutex_lock(&batcher->mutex);
    group->engine.model = model;
    group->engine.n_tokens = count_tokens(group);
    if (batcher->stopped)
        status = STATUS_STOPPING;
    else if (queue_count_new_tokens(queue, group) >
             queue->options.max_queued_tokens - queue->stats.queued_tokens)
        status = STATUS_OVERLOADED;
    else
        enter_group(batcher, group);
    n_wanted = status ? 0 : count_wanted(batcher, queue, group);
    ends = !status && group->engine.n_unfinished == 0;
    if (ends)
        close_group(batcher, group);
    pthread_mutex_unlock(&batcher->mutex);
    wake_workers(batcher, n_wanted);
    if (ends)
        group->done(group);
    return status;
}

/* ---- taking ---- */

static void pass_clear(struct pass *pass)
{
    pass->n_jobs = 0;
    pass->n_tokens = 0;
    pass->model = 0;
    pass->is_small = false;
}

/* The pass's jobs wait no longer, and are encoded from now on. False if there are none. */
static bool begin_pass(struct batcher *batcher, struct pass *pass)
{
    if (pass->n_jobs == 0)
        return false;
    pass->began_us = batcher->now_us();
    for (size_t i = 0; i < pass->n_jobs; i++)
        job_group_begin_encoding(pass->jobs[i]->engine.group, pass->began_us);
    queue_begin_pass(&batcher->queues[pass->model], pass);
    publish(batcher);
    return true;
}

/* Says how large the next pass of each model may be. */
static void share_out(struct batcher *batcher)
{
    size_t n_workers =
        batcher->n_workers > batcher->n_resting ? batcher->n_workers - batcher->n_resting : 1;

    for (size_t i = 0; i < batcher->n_models; i++)
        queue_share_out(&batcher->queues[i], n_workers);
}

/* Has idle workers find the team of a pass, if that is to have helpers. */
static void open_team(struct batcher *batcher, struct team *own, const struct pass *pass)
{
    team_open(own);
    own->model = pass->model;
    own->n_tokens = pass->n_tokens;
    own->max_members = encoder_max_members(pass->n_tokens);
    if (batcher->queues[pass->model].options.works_alone)
        return;
    own->next_open = batcher->open_teams;
    batcher->open_teams = own;
}

enum work batcher_take(struct batcher *batcher, struct pass *pass, struct team *own,
                       struct team **ret_team)
{
    enum work work = WORK_NONE;
    struct team *other;
    size_t n_helpers = 0;

    pass_clear(pass);
    pthread_mutex_lock(&batcher->mutex);
    batcher->n_idle++;
    while (!batcher->stopped &&
           (batcher->n_idle <= batcher->n_resting ||
            (!order_has_waiting(&batcher->order) && !team_pick(batcher->open_teams))))
        pthread_cond_wait(&batcher->work, &batcher->mutex);
    batcher->n_idle--;
    share_out(batcher);
    order_fill(&batcher->order, pass);
    if (begin_pass(batcher, pass)) {
        work = WORK_PASS;
        open_team(batcher, own, pass);
        n_helpers = batcher->queues[pass->model].options.works_alone ? 0 : batcher->n_idle;
    } else if ((other = team_pick(batcher->open_teams))) {
        work = WORK_HELP;
        *ret_team = other;
        team_enter(other);
    }
    pthread_mutex_unlock(&batcher->mutex);
    wake_workers(batcher, n_helpers);
    return work;
}

void batcher_rest(struct batcher *batcher, size_t n_resting)
{
    pthread_mutex_lock(&batcher->mutex);
    batcher->n_resting = n_resting;
    pthread_cond_broadcast(&batcher->work);
    pthread_mutex_unlock(&batcher->mutex);
}

bool batcher_take_between(struct batcher *batcher, struct pass *pass)
{
    bool taken;

    pass_clear(pass);
    pthread_mutex_lock(&batcher->mutex);
    order_fill_small(&batcher->order, pass);
    taken = begin_pass(batcher, pass);
    pthread_mutex_unlock(&batcher->mutex);
    return taken;
}

size_t batcher_slice_tokens(const struct batcher *batcher, size_t model)
{
    return batcher->queues[model].turns->slice_tokens;
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
        queue_end_flight(&batcher->queues[pass->model], pass->jobs[i]);
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
    now_us = batcher->now_us();
    order_charge(&batcher->order, pass, now_us - pass->began_us);
    for (size_t i = 0; i < pass->n_jobs; i++) {
        job_group_end_encoding(pass->jobs[i]->engine.group, now_us);
        for (struct job *job = pass->jobs[i]->engine.followers; job;
             job = job->engine.next_follower)
            end_job(batcher, job, &ended);
        end_job(batcher, pass->jobs[i], &ended);
    }
    queue_end_pass(&batcher->queues[pass->model], pass);
    pthread_mutex_unlock(&batcher->mutex);
    hand_back(ended);
}

/* Ends a job that waits, and that nobody follows. */
static void give_up_waiting(struct batcher *batcher, struct job *job, struct job_group **ended)
{
    queue_leave(queue_of(batcher, job->engine.group), job);
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
    queue_leave(queue_of(batcher, job->engine.group), job);
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
    for (size_t i = 0; i < batcher->n_models; i++)
        while ((job = turns_get_waiting(batcher->queues[i].turns)))
            stop_job(batcher, job, &ended);
    publish(batcher);
    pthread_cond_broadcast(&batcher->work);
    pthread_mutex_unlock(&batcher->mutex);
    hand_back(ended);
}

void batcher_get_stats(struct batcher *batcher, size_t model, struct batcher_stats *ret_stats)
{
    pthread_mutex_lock(&batcher->mutex);
    *ret_stats = batcher->queues[model].stats;
    ret_stats->resting_workers = batcher->n_resting;
    pthread_mutex_unlock(&batcher->mutex);
}
