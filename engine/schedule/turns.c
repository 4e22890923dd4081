/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/turns.h"

#include "engine/schedule/job.h"

enum { SLICES_PER_PASS = 8 };

void turns_init(struct turns *turns, size_t max_pass_tokens)
{
    size_t slice_tokens = max_pass_tokens / SLICES_PER_PASS;

    *turns = (struct turns){
        .max_pass_tokens = max_pass_tokens,
        .pass_tokens = max_pass_tokens,
        .slice_tokens = slice_tokens ? slice_tokens : 1,
    };
}

bool turns_is_small(const struct turns *turns, const struct job_group *group)
{
    return group->engine.n_tokens <= turns->slice_tokens;
}

static struct group_list *list_of(struct turns *turns, const struct job_group *group)
{
    return turns_is_small(turns, group) ? &turns->small : &turns->large;
}

void turns_enter(struct turns *turns, struct job *job)
{
    struct job_group *group = job->engine.group;

    job->engine.state = JOB_WAITING;
    if (group->engine.n_waiting++ == 0)
        group_list_append(list_of(turns, group), group);
}

void turns_leave(struct turns *turns, struct job *job)
{
    struct job_group *group = job->engine.group;

    if (--group->engine.n_waiting == 0)
        group_list_remove(list_of(turns, group), group);
}

/* The next job that waits, of a group that has one. */
static struct job *next_waiting(struct job_group *group)
{
    while (group->jobs[group->engine.next_job].engine.state != JOB_WAITING)
        group->engine.next_job++;
    return &group->jobs[group->engine.next_job];
}

struct job *turns_get_waiting(const struct turns *turns)
{
    if (turns->small.first)
        return next_waiting(turns->small.first);
    return turns->large.first ? next_waiting(turns->large.first) : NULL;
}

static void take(struct turns *turns, struct pass *pass, struct job *job)
{
    turns_leave(turns, job);
    job->engine.state = JOB_RUNNING;
    pass->jobs[pass->n_jobs++] = job;
    pass->n_tokens += job->n_tokens;
}

/* Whether a text may join a pass of at most `max_tokens`: a pass's first text always may. */
static bool fits(const struct pass *pass, const struct job *job, size_t max_tokens)
{
    return pass->n_jobs == 0 ||
           (pass->n_tokens < max_tokens && job->n_tokens <= max_tokens - pass->n_tokens);
}

void turns_fill_small(struct turns *turns, struct pass *pass, size_t max_tokens)
{
    while (turns->small.first) {
        struct job *job = next_waiting(turns->small.first);

        if (!fits(pass, job, max_tokens))
            return;
        take(turns, pass, job);
    }
}

/* The group whose next text does not fit keeps its turn. */
void turns_fill_large(struct turns *turns, struct pass *pass)
{
    while (turns->large.first) {
        struct job_group *group = turns->large.first;
        struct job *job;

        group->engine.credit_tokens += turns->slice_tokens;
        while (group->engine.n_waiting > 0 &&
               (job = next_waiting(group))->n_tokens <= group->engine.credit_tokens) {
            if (!fits(pass, job, turns->pass_tokens)) {
                group->engine.credit_tokens -= turns->slice_tokens;
                return;
            }
            group->engine.credit_tokens -= job->n_tokens;
            take(turns, pass, job);
        }
        if (group->engine.n_waiting > 0) {
            group_list_remove(&turns->large, group);
            group_list_append(&turns->large, group);
        }
    }
}
