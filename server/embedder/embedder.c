/* SPDX-License-Identifier: Apache-2.0 */

/* Batches wait in a list, first in, first out. Lanes, a thread each, take them from it: with the
 * model they tokenize and go on to the next, with a server each has a request in flight. */
#include "server/embedder/embedder.h"

#include "config/options.h"
#include "server/api/embed/pack.h"
#include "server/embedder/local.h"
#include "server/embedder/remote.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

struct lane {
    struct embedder *embedder;
    size_t i;
    pthread_t thread;
};

struct embedder {
    struct local *local; /* one of both */
    struct remote *remote;
    struct embedder_info info;

    pthread_mutex_t mutex;
    pthread_cond_t pushed;
    struct embed_batch *first; /* a list; this and the next two guarded by mutex */
    struct embed_batch *last;
    bool is_stopping;

    size_t n_lanes; /* that were started */
    struct lane lanes[];
};

/* The next batch; with *ret_stopping it is only to be ended. NULL: no more will come. */
static struct embed_batch *take(struct embedder *embedder, bool *ret_stopping)
{
    struct embed_batch *batch;

    pthread_mutex_lock(&embedder->mutex);
    while (!embedder->first && !embedder->is_stopping)
        pthread_cond_wait(&embedder->pushed, &embedder->mutex);
    batch = embedder->first;
    if (batch)
        embedder->first = batch->next;
    *ret_stopping = embedder->is_stopping;
    pthread_mutex_unlock(&embedder->mutex);
    return batch;
}

static void *run_lane(void *argument)
{
    const struct lane *lane = argument;
    struct embedder *embedder = lane->embedder;
    struct embed_batch *batch;
    bool stopping;

    while ((batch = take(embedder, &stopping))) {
        batch->status = STATUS_OK;
        batch->error = (struct error){{0}};
        if (!stopping && embedder->local) {
            local_encode(embedder->local, batch);
            continue;
        }
        if (stopping)
            batch->status = error_set(&batch->error, STATUS_STOPPING, "given up");
        else
            remote_encode(embedder->remote, lane->i, batch);
        batch->done(batch);
    }
    return NULL;
}

static enum status start_lanes(struct embedder *embedder, size_t n_lanes)
{
    for (size_t i = 0; i < n_lanes; i++) {
        struct lane *lane = &embedder->lanes[i];

        *lane = (struct lane){.embedder = embedder, .i = i};
        if (pthread_create(&lane->thread, NULL, run_lane, lane))
            return STATUS_NO_MEMORY;
        embedder->n_lanes++;
    }
    return STATUS_OK;
}

enum status embedder_open(struct embedder **ret_embedder, const struct options *options,
                          long n_dims, struct error *error)
{
    const size_t n_lanes =
        (size_t)(options->url ? options->url_requests : options->request_threads);
    struct embedder *embedder = calloc(1, sizeof(*embedder) + n_lanes * sizeof(struct lane));
    enum status status;

    if (!embedder)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    pthread_mutex_init(&embedder->mutex, NULL);
    pthread_cond_init(&embedder->pushed, NULL);
    if (options->url)
        status = remote_open(&embedder->remote, options, n_dims, &embedder->info, error);
    else
        status = local_open(&embedder->local, options, n_dims, &embedder->info, error);
    if (!status)
        status = start_lanes(embedder, n_lanes);
    if (status) {
        embedder_close(embedder);
        return error_set(error, status, "not enough memory or threads to start");
    }
    *ret_embedder = embedder;
    return STATUS_OK;
}

void embedder_close(struct embedder *embedder)
{
    if (!embedder)
        return;
    pthread_mutex_lock(&embedder->mutex);
    embedder->is_stopping = true;
    pthread_cond_broadcast(&embedder->pushed);
    pthread_mutex_unlock(&embedder->mutex);
    if (embedder->remote)
        remote_stop(embedder->remote);
    for (size_t i = 0; i < embedder->n_lanes; i++)
        pthread_join(embedder->lanes[i].thread, NULL);
    local_close(embedder->local);
    remote_close(embedder->remote);
    pthread_cond_destroy(&embedder->pushed);
    pthread_mutex_destroy(&embedder->mutex);
    free(embedder);
}

const struct embedder_info *embedder_get_info(const struct embedder *embedder)
{
    return &embedder->info;
}

enum status embedder_find_prompt(const struct embedder *embedder, const char *name,
                                 struct embed_prompt *ret_prompt, struct error *error)
{
    if (embedder->local)
        return local_find_prompt(embedder->local, name, ret_prompt, error);
    *ret_prompt = remote_find_prompt(embedder->remote, name);
    return STATUS_OK;
}

void embedder_submit(struct embedder *embedder, struct embed_batch *batch)
{
    batch->next = NULL;
    pthread_mutex_lock(&embedder->mutex);
    if (embedder->first)
        embedder->last->next = batch;
    else
        embedder->first = batch;
    embedder->last = batch;
    pthread_cond_signal(&embedder->pushed);
    pthread_mutex_unlock(&embedder->mutex);
}

/* ---- waiting for all ---- */

struct waiting {
    pthread_mutex_t mutex;
    pthread_cond_t all_done;
    size_t n_left; /* guarded by mutex */
};

static void count_done(struct embed_batch *batch)
{
    struct waiting *waiting = batch->user;

    pthread_mutex_lock(&waiting->mutex);
    if (--waiting->n_left == 0)
        pthread_cond_signal(&waiting->all_done);
    pthread_mutex_unlock(&waiting->mutex);
}

static void submit_all(struct embedder *embedder, struct embed_batch *batches, size_t n_batches)
{
    struct waiting waiting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, n_batches};

    for (size_t i = 0; i < n_batches; i++) {
        batches[i].done = count_done;
        batches[i].user = &waiting;
        embedder_submit(embedder, &batches[i]);
    }
    pthread_mutex_lock(&waiting.mutex);
    while (waiting.n_left > 0)
        pthread_cond_wait(&waiting.all_done, &waiting.mutex);
    pthread_mutex_unlock(&waiting.mutex);
}

enum status embedder_encode(struct embedder *embedder, struct embed_text *texts, size_t n_texts,
                            struct embed_prompt prompt, float *vectors, struct error *error)
{
    const size_t size = embedder->info.batch_texts;
    const size_t n_batches = n_texts / size + (n_texts % size != 0);
    struct embed_batch *batches = calloc(n_batches ? n_batches : 1, sizeof(*batches));
    enum status status = STATUS_OK;

    if (!batches)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    for (size_t i = 0; i < n_batches; i++)
        batches[i] = (struct embed_batch){
            .texts = texts + i * size,
            .n_texts = i < n_batches - 1 ? size : n_texts - i * size,
            .prompt = prompt,
            .vectors = vectors + i * size * embedder->info.n_dims,
        };
    submit_all(embedder, batches, n_batches);
    for (size_t i = 0; i < n_batches; i++) {
        if (batches[i].error.text[0])
            error_set(error, batches[i].status, "%s", batches[i].error.text);
        if (!status)
            status = batches[i].status;
    }
    free(batches);
    return status;
}

float embedder_find_scale(const struct embedder *embedder, const float *vector)
{
    return embedder->info.normalize ? 1 : pack_find_scale(vector, embedder->info.n_dims);
}
