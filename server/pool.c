/* SPDX-License-Identifier: Apache-2.0 */

/* Two first-in-first-out lists under one mutex. A thread takes from `finished` while there is one,
 * else from `fresh`; it serves with no lock held. */

#include "server/pool.h"

#include "server/request.h"
#include "server/routes.h"
#include "server/server.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct list {
    struct request *first;
    struct request *last;
};

struct pool {
    void (*answered)(struct request *request);

    pthread_mutex_t mutex;
    pthread_cond_t pushed;
    struct list fresh;    /* QUEUED; guarded by mutex */
    struct list finished; /* ENCODING; guarded by mutex */
    bool stopping;        /* guarded by mutex */

    size_t n_threads; /* running */
    pthread_t threads[];
};

static void list_append(struct list *list, struct request *request)
{
    request->pool_next = NULL;
    if (list->last)
        list->last->pool_next = request;
    else
        list->first = request;
    list->last = request;
}

static struct request *list_take(struct list *list)
{
    struct request *request = list->first;

    if (!request)
        return NULL;
    list->first = request->pool_next;
    if (!list->first)
        list->last = NULL;
    return request;
}

/* Its client may have gone while it waited: then nothing is done for it (promise 9). */
static void serve(struct pool *pool, struct request *request)
{
    bool submitted = false;

    if (request->stage == REQUEST_QUEUED) {
        request->stage = REQUEST_DECODING;
        request->told_submitted = &submitted;
        if (!request_is_gone(request))
            request->route->start(request);
        if (submitted)
            return; /* it is another's by now */
    } else {
        /* Asking this also waits until request_submit() has let go of the mutex. */
        bool gone = request_is_gone(request);
        int64_t began_us = clock_now_us();

        request->stage = REQUEST_WRITING;
        if (!gone)
            request->route->finish(request);
        request->write_us = clock_now_us() - began_us;
    }
    pool->answered(request);
}

static void *run(void *argument)
{
    struct pool *pool = argument;
    struct request *request;

    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!pool->finished.first && !pool->fresh.first && !pool->stopping)
            pthread_cond_wait(&pool->pushed, &pool->mutex);
        request = list_take(&pool->finished);
        if (!request)
            request = list_take(&pool->fresh);
        if (!request)
            break;
        pthread_mutex_unlock(&pool->mutex);
        serve(pool, request);
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

enum status pool_new(struct pool **ret_pool, size_t n_threads,
                     void (*answered)(struct request *request))
{
    struct pool *pool = calloc(1, sizeof *pool + n_threads * sizeof *pool->threads);

    if (!pool)
        return STATUS_NO_MEMORY;
    pool->answered = answered;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->pushed, NULL);
    while (pool->n_threads < n_threads) {
        if (pthread_create(&pool->threads[pool->n_threads], NULL, run, pool)) {
            pool_free(pool);
            return STATUS_NO_MEMORY;
        }
        pool->n_threads++;
    }
    *ret_pool = pool;
    return STATUS_OK;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->pushed);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < pool->n_threads; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->pushed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

void pool_push(struct pool *pool, struct request *request)
{
    /* Signalled under the mutex: whoever is served and freed next may be the last, and the pool may
     * be freed as soon as the mutex is open. */
    pthread_mutex_lock(&pool->mutex);
    list_append(request->stage == REQUEST_QUEUED ? &pool->fresh : &pool->finished, request);
    pthread_cond_signal(&pool->pushed);
    pthread_mutex_unlock(&pool->mutex);
}
