/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/inflight.h"

#include <stdlib.h>

enum { N_BUCKETS = 1 << 16 }; /* a full queue of short texts has chains of some tens */

static struct job **bucket_of(const struct inflight *inflight, struct text_key key)
{
    return &inflight->buckets[key.low % N_BUCKETS];
}

enum status inflight_init(struct inflight *inflight)
{
    inflight->buckets = calloc(N_BUCKETS, sizeof *inflight->buckets);
    return inflight->buckets ? STATUS_OK : STATUS_NO_MEMORY;
}

void inflight_release(struct inflight *inflight)
{
    free(inflight->buckets);
}

struct job *inflight_find(const struct inflight *inflight, struct text_key key)
{
    struct job *job = *bucket_of(inflight, key);

    while (job && !text_key_equal(job->engine.key, key))
        job = job->engine.chain;
    return job;
}

void inflight_add(struct inflight *inflight, struct job *job)
{
    struct job **bucket = bucket_of(inflight, job->engine.key);

    job->engine.chain = *bucket;
    *bucket = job;
}

void inflight_remove(struct inflight *inflight, struct job *job)
{
    struct job **link = bucket_of(inflight, job->engine.key);

    while (*link != job)
        link = &(*link)->engine.chain;
    *link = job->engine.chain;
}
