/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/job.h"

#include "engine/vector/pooling.h"

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
    memcpy(job->token_vectors, tokens, n_numbers * sizeof *tokens);
    job->status = check_finite(job->token_vectors, n_numbers);
}

void job_group_begin_encoding(struct job_group *group, int64_t now_us)
{
    if (group->n_running++ == 0)
        group->encoding_since_us = now_us;
}

void job_group_end_encoding(struct job_group *group, int64_t now_us)
{
    if (--group->n_running == 0)
        group->encode_us += now_us - group->encoding_since_us;
}
