/* SPDX-License-Identifier: Apache-2.0 */

/* A group of jobs, submitted and waited for. */
#ifndef NESTD_TESTS_ENGINE_RUN_GROUP_H
#define NESTD_TESTS_ENGINE_RUN_GROUP_H

#include "engine/engine.h"

#include <pthread.h>
#include <stdbool.h>

struct waited_group {
    struct job_group group; /* first, so that done() finds the rest */
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool done;
};

static inline void waited_group_wake(struct job_group *group)
{
    struct waited_group *waited = (struct waited_group *)group;

    pthread_mutex_lock(&waited->mutex);
    waited->done = true;
    pthread_cond_signal(&waited->ended);
    pthread_mutex_unlock(&waited->mutex);
}

/* The engine's refusal, or the group's status. *ret_group is what it was at its end; untouched where
 * it was refused. Allocates nothing. */
static inline enum status run_group(struct engine *engine, struct job *jobs, size_t n_jobs,
                                    struct job_group *ret_group)
{
    struct waited_group waited = {
        .group = {.jobs = jobs, .n_jobs = n_jobs, .done = waited_group_wake},
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .ended = PTHREAD_COND_INITIALIZER,
    };
    enum status status = engine_submit(engine, &waited.group);

    if (status)
        return status;
    pthread_mutex_lock(&waited.mutex);
    while (!waited.done)
        pthread_cond_wait(&waited.ended, &waited.mutex);
    pthread_mutex_unlock(&waited.mutex);
    *ret_group = waited.group;
    return waited.group.status;
}

#endif
