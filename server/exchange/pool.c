/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN
 *
 * First-in-first-out lists under one mutex. A thread takes a finished request if there is one, else
 * a fresh one; it serves it with no lock held.
 *
 * Decoding or writing a large request takes milliseconds, and small ones must not wait for that
 * (promise 4). So large requests have lists of their own, and one of the threads serves small
 * requests only. A single thread alternates between the two kinds. */

#include "server/exchange/pool.h"

#include "server/exchange/request.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

enum { LARGE_BODY_BYTES = 32 << 10 }; /* about a millisecond of a thread's time */

STAILQ_HEAD(list, request);

/* Requests of one size. */
struct queue {
    struct list fresh;    /* QUEUED */
    struct list finished; /* ENCODING */
};

struct pool {
    void (*answered)(struct request *request);
    size_t max_large; /* large requests served at once */

    pthread_mutex_t mutex;
    pthread_cond_t pushed;
    struct queue small; /* this and the rest are guarded by mutex */
    struct queue large;
    size_t n_large; /* large requests being served now */
    bool was_large; /* the request taken last */
    bool stopping;

    size_t n_threads; /* not joined yet */
    pthread_t threads[];
};

static void queue_init(struct queue *queue)
{
    STAILQ_INIT(&queue->fresh);
    STAILQ_INIT(&queue->finished);
}

static struct request *list_take(struct list *list)
{
    struct request *request = STAILQ_FIRST(list);

    if (request)
        STAILQ_REMOVE_HEAD(list, pool_entry);
    return request;
}

/* If the client is gone, nothing is done for it any more (promise 9). */
static void serve(struct pool *pool, struct request *request)
{
    if (request->stage == REQUEST_QUEUED) {
        request->stage = REQUEST_DECODING;
        if (!request_is_gone(request) && request->route->start(request) == ROUTE_SUBMITTED)
            return; /* somebody else owns it now */
    } else {
        /* This also waits until request_submit() has released the mutex. */
        bool gone = request_is_gone(request);
        int64_t began_us = clock_now_us();

        request->stage = REQUEST_WRITING;
        if (!gone)
            request->route->finish(request);
        request->write_us = clock_now_us() - began_us;
    }
    pool->answered(request);
}

static bool is_large(const struct request *request)
{
    return request->n_body_bytes > LARGE_BODY_BYTES;
}

static bool has_some(const struct queue *queue)
{
    return !STAILQ_EMPTY(&queue->finished) || !STAILQ_EMPTY(&queue->fresh);
}

static struct request *queue_take(struct queue *queue)
{
    struct request *request = list_take(&queue->finished);

    return request ? request : list_take(&queue->fresh);
}

/* The request that a free thread serves next, or NULL. Under the mutex. */
static struct request *take(struct pool *pool)
{
    bool may_be_large = has_some(&pool->large) && pool->n_large < pool->max_large;

    if (!may_be_large && !has_some(&pool->small))
        return NULL;
    pool->was_large = may_be_large && !(has_some(&pool->small) && pool->was_large);
    pool->n_large += pool->was_large;
    return queue_take(pool->was_large ? &pool->large : &pool->small);
}

static void *run(void *argument)
{
    struct pool *pool = argument;

    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        struct request *request = take(pool);
        bool large;

        if (!request && pool->stopping)
            break;
        if (!request) {
            pthread_cond_wait(&pool->pushed, &pool->mutex);
            continue;
        }
        large = pool->was_large;
        pthread_mutex_unlock(&pool->mutex);
        serve(pool, request);
        pthread_mutex_lock(&pool->mutex);
        pool->n_large -= large;
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
    pool->max_large = n_threads > 1 ? n_threads - 1 : 1;
    queue_init(&pool->small);
    queue_init(&pool->large);
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

void pool_stop(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->stopping = true;
    pthread_mutex_unlock(&pool->mutex);
    pthread_cond_broadcast(&pool->pushed);
    while (pool->n_threads > 0)
        pthread_join(pool->threads[--pool->n_threads], NULL);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pool_stop(pool);
    pthread_cond_destroy(&pool->pushed);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

void pool_push(struct pool *pool, struct request *request)
{
    struct queue *queue;
    struct list *list;

    pthread_mutex_lock(&pool->mutex);
    queue = is_large(request) ? &pool->large : &pool->small;
    list = request->stage == REQUEST_QUEUED ? &queue->fresh : &queue->finished;
    STAILQ_INSERT_TAIL(list, request, pool_entry);
    pthread_mutex_unlock(&pool->mutex);
    /* After unlocking, since the thread that wakes up needs the mutex. The pool may have been
     * stopped by then. */
    pthread_cond_signal(&pool->pushed);
}
