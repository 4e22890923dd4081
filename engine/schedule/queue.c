/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/queue.h"

enum { MIN_SHARE_TOKENS = 64 }; /* a block of rows (gemm.h): fewer cost nearly as much */

enum status queue_init(struct queue *queue, const struct batcher_options *options,
                       struct turns *turns)
{
    queue->options = *options;
    queue->turns = turns;
    turns_init(turns, options->max_pass_tokens);
    return inflight_init(&queue->inflight);
}

void queue_release(struct queue *queue)
{
    inflight_release(&queue->inflight);
}

static void add(struct queue *queue, struct job *job)
{
    turns_enter(queue->turns, job);
    queue->stats.queued_texts++;
    queue->stats.queued_tokens += job->n_tokens;
}

static void take_away(struct queue *queue, struct job *job)
{
    turns_leave(queue->turns, job);
    queue->stats.queued_texts--;
    queue->stats.queued_tokens -= job->n_tokens;
}

void queue_end_flight(struct queue *queue, struct job *job)
{
    if (!job->engine.is_duplicate)
        inflight_remove(&queue->inflight, job);
}

/* Whether the group's texts, of which one is the leader's too, are not to wait for it. */
static bool overtakes(const struct queue *queue, const struct job_group *group,
                      const struct job *leader)
{
    return turns_is_small(queue->turns, group) &&
           !turns_is_small(queue->turns, leader->engine.group);
}

size_t queue_count_new_tokens(const struct queue *queue, const struct job_group *group)
{
    size_t n_tokens = 0;

    for (size_t i = 0; i < group->n_jobs; i++) {
        const struct job *job = &group->jobs[i];
        const struct job *leader = NULL;

        if (job->engine.state != JOB_ENDED)
            leader = inflight_find(&queue->inflight, job->engine.key);
        if (job->engine.state != JOB_ENDED &&
            (!leader || (leader->engine.state == JOB_RUNNING && overtakes(queue, group, leader))))
            n_tokens += job->n_tokens;
    }
    return n_tokens;
}

/* The job waits in the place of one that has waited until now, which follows it from here on, as do
 * all that followed that one. */
static void take_lead(struct queue *queue, struct job *job, struct job *old)
{
    struct job *followers = old->engine.followers;

    inflight_remove(&queue->inflight, old);
    take_away(queue, old);
    old->engine.followers = NULL;
    job_follow(old, job);
    while (followers) {
        struct job *next = followers->engine.next_follower;

        job_follow(followers, job);
        followers = next;
    }
    inflight_add(&queue->inflight, job);
    add(queue, job);
}

void queue_enter(struct queue *queue, struct job_group *group, struct job *job)
{
    struct job *leader = inflight_find(&queue->inflight, job->engine.key);

    job->engine.group = group;
    job->engine.followers = NULL;
    job->engine.leader = NULL;
    job->engine.is_duplicate = false;
    group->engine.n_unfinished++;
    if (!leader) {
        inflight_add(&queue->inflight, job);
        add(queue, job);
    } else if (!overtakes(queue, group, leader)) {
        job_follow(job, leader);
        queue->stats.followed_texts++;
    } else if (leader->engine.state == JOB_WAITING) {
        take_lead(queue, job, leader);
        queue->stats.followed_texts++;
    } else {
        job->engine.is_duplicate = true;
        add(queue, job);
    }
}

void queue_leave(struct queue *queue, struct job *job)
{
    queue_end_flight(queue, job);
    take_away(queue, job);
}

/* Of what is there, waiting or running, each worker has the same share. Where nobody works yet, all
 * of them together then take what waits; where all do, passes stay as large as they are now, so a
 * server that is busy loses nothing by it. */
void queue_share_out(struct queue *queue, size_t n_workers)
{
    size_t n_tokens = queue->stats.queued_tokens + queue->stats.running_tokens;
    size_t share = n_tokens / n_workers + (n_tokens % n_workers > 0);

    if (share < MIN_SHARE_TOKENS)
        share = MIN_SHARE_TOKENS;
    if (share > queue->options.max_pass_tokens || queue->options.works_alone)
        share = queue->options.max_pass_tokens;
    queue->turns->pass_tokens = share;
}

void queue_begin_pass(struct queue *queue, const struct pass *pass)
{
    struct batcher_stats *stats = &queue->stats;

    stats->queued_texts -= pass->n_jobs;
    stats->queued_tokens -= pass->n_tokens;
    stats->running_texts += pass->n_jobs;
    stats->running_tokens += pass->n_tokens;
    stats->running_passes++;
}

void queue_end_pass(struct queue *queue, const struct pass *pass)
{
    queue->stats.running_texts -= pass->n_jobs;
    queue->stats.running_tokens -= pass->n_tokens;
    queue->stats.running_passes--;
}
