/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/job.h"

#include "engine/model/pooling.h"

#include <string.h>

void job_deliver(struct job *job, const float *pooled)
{
    memmove(job->vector, pooled, job->n_dims * sizeof *pooled);
    if (job->normalize)
        vector_normalize(job->vector, job->n_dims);
    job->status = vector_is_finite(job->vector, job->n_dims) ? STATUS_OK : STATUS_NOT_FINITE;
}
