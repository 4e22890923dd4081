/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

enum { MAX_THREADS = 16 };

struct work {
    parallel_job *job;
    void *user;
    size_t n_jobs;
    atomic_size_t next_job;
    _Atomic(enum status) status;
};

static void *take_jobs(void *argument)
{
    struct work *work = argument;
    size_t i;

    while ((i = atomic_fetch_add(&work->next_job, 1)) < work->n_jobs &&
           !atomic_load(&work->status)) {
        enum status status = work->job(work->user, i);

        if (status)
            atomic_store(&work->status, status);
    }
    return NULL;
}

enum status parallel_run(size_t n_threads, size_t n_jobs, parallel_job *job, void *user)
{
    struct work work = {.job = job, .user = user, .n_jobs = n_jobs};
    pthread_t threads[MAX_THREADS];
    size_t n_started = 0;

    /* With fewer threads than asked for the work only takes longer. */
    while (n_started + 1 < n_threads && n_started + 1 < n_jobs && n_started < MAX_THREADS &&
           pthread_create(&threads[n_started], NULL, take_jobs, &work) == 0)
        n_started++;
    take_jobs(&work);
    while (n_started > 0)
        pthread_join(threads[--n_started], NULL);
    return atomic_load(&work.status);
}
