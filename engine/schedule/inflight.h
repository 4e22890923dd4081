/* SPDX-License-Identifier: Apache-2.0 */

/* The jobs in flight by their texts. Guarded by the batcher's mutex; private to it. */
#ifndef NESTD_ENGINE_SCHEDULE_INFLIGHT_H
#define NESTD_ENGINE_SCHEDULE_INFLIGHT_H

#include "engine/base/status.h"
#include "engine/schedule/job.h"

struct inflight {
    struct job **buckets; /* chains, linked by job->chain */
};

MUST_CHECK enum status inflight_init(struct inflight *inflight);
void inflight_release(struct inflight *inflight);

/* NULL if no such text is in flight. */
struct job *inflight_find(const struct inflight *inflight, struct text_key key);

/* The job, whose text is not in flight, is from now on, until it is removed. */
void inflight_add(struct inflight *inflight, struct job *job);
void inflight_remove(struct inflight *inflight, struct job *job);

#endif
