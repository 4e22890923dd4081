/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/job.h"

#include "engine/vector/vector.h"

#include <string.h>

static enum status check_finite(const float *vector, size_t n_numbers)
{
    return vector_is_finite(vector, n_numbers) ? STATUS_OK : STATUS_NOT_FINITE;
}

void job_deliver(struct job *job, const float *pooled)
{
    memmove(job->vector, pooled, job->n_dims * sizeof *pooled);
    if (job->normalize)
        vector_normalize(job->vector, job->n_dims);
    job->status = check_finite(job->vector, job->n_dims);
}

void job_deliver_tokens(struct job *job, const float *tokens, size_t n_numbers)
{
    memmove(job->token_vectors, tokens, n_numbers * sizeof *tokens);
    job->status = check_finite(job->token_vectors, n_numbers);
}

void job_group_begin_encoding(struct job_group *group, int64_t now_us)
{
    if (group->engine.n_running++ == 0)
        group->engine.encoding_since_us = now_us;
}

void job_group_end_encoding(struct job_group *group, int64_t now_us)
{
    if (--group->engine.n_running == 0)
        group->encode_us += now_us - group->engine.encoding_since_us;
}

void job_follow(struct job *job, struct job *leader)
{
    job->engine.state = JOB_FOLLOWING;
    job->engine.leader = leader;
    job->engine.next_follower = leader->engine.followers;
    leader->engine.followers = job;
}

void job_unfollow(struct job *job)
{
    struct job **link = &job->engine.leader->engine.followers;

    while (*link != job)
        link = &(*link)->engine.next_follower;
    *link = job->engine.next_follower;
}
