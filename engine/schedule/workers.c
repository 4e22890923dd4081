/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/workers.h"

#include "engine/encoder/encoder.h"
#include "engine/model/model.h"
#include "engine/schedule/batcher.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct worker {
    struct workers *workers;
    struct encoder_context *context;
    struct pass pass;
    struct encoder_text *texts; /* [most_texts] */
    float *pooled;              /* [model n_dims] */
    pthread_t thread;
};

struct workers {
    struct workers_options options;
    struct worker *workers; /* [n_workers] */
    size_t n_started;
    pthread_mutex_t mutex; /* guards stats */
    struct workers_stats stats;
};

/* Pools one text's token vectors, cuts to the job's Matryoshka dimension, normalises. */
static void finish_job(const struct worker *worker, struct job *job, const float *tokens)
{
    const struct model *model = worker->workers->options.model;

    pooling_apply(&model->pooling, tokens, job->n_tokens, job->n_skipped, model->shape.hidden_size,
                  worker->pooled);
    memcpy(job->vector, worker->pooled, job->n_dims * sizeof(float));
    if (job->normalize)
        vector_normalize(job->vector, job->n_dims);
    job->status = vector_is_finite(job->vector, job->n_dims) ? STATUS_OK : STATUS_NOT_FINITE;
}

static void encode_pass(struct worker *worker)
{
    const struct model *model = worker->workers->options.model;
    struct pass *pass = &worker->pass;
    const float *tokens = NULL; /* [pass->n_tokens, hidden] */
    enum status status;

    for (size_t i = 0; i < pass->n_jobs; i++)
        worker->texts[i] = (struct encoder_text){pass->jobs[i]->ids, pass->jobs[i]->n_tokens};
    status = encoder_run(worker->context, worker->texts, pass->n_jobs, &tokens);
    for (size_t i = 0, row = 0; i < pass->n_jobs; row += pass->jobs[i++]->n_tokens) {
        if (status)
            pass->jobs[i]->status = status;
        else
            finish_job(worker, pass->jobs[i], tokens + row * model->shape.hidden_size);
    }
}

static void count_pass(struct workers *workers, size_t n_texts, size_t n_tokens,
                       int64_t duration_us)
{
    double rate = (double)n_tokens * 1e6 / (double)(duration_us > 0 ? duration_us : 1);
    struct workers_stats *stats = &workers->stats;

    pthread_mutex_lock(&workers->mutex);
    stats->tokens_per_second = stats->passes ? stats->tokens_per_second * 0.95 + rate * 0.05 : rate;
    stats->passes++;
    stats->encoded_texts += n_texts;
    stats->encoded_tokens += n_tokens;
    pthread_mutex_unlock(&workers->mutex);
    if (workers->options.pass_done)
        workers->options.pass_done(workers->options.user, n_texts, n_tokens, duration_us);
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    struct workers *workers = worker->workers;

    while (batcher_take(workers->options.batcher, &worker->pass)) {
        int64_t started_us = workers->options.now_us();

        encode_pass(worker);
        count_pass(workers, worker->pass.n_jobs, worker->pass.n_tokens,
                   workers->options.now_us() - started_us);
        batcher_finish(workers->options.batcher, &worker->pass);
    }
    return NULL;
}

static enum status worker_init(struct worker *worker, struct workers *workers)
{
    const struct model *model = workers->options.model;
    size_t most_texts = workers->options.most_pass_tokens; /* a text has at least one token */
    size_t most_tokens = most_texts > model->most_tokens ? most_texts : model->most_tokens;

    worker->workers = workers;
    worker->pass.jobs = calloc(most_texts, sizeof *worker->pass.jobs);
    worker->pass.groups = calloc(most_texts, sizeof *worker->pass.groups);
    worker->texts = calloc(most_texts, sizeof *worker->texts);
    worker->pooled = calloc(model->n_dims, sizeof *worker->pooled);
    if (!worker->pass.jobs || !worker->pass.groups || !worker->texts || !worker->pooled)
        return STATUS_NO_MEMORY;
    return encoder_context_new(workers->options.encoder, most_tokens, &worker->context);
}

static void worker_release(struct worker *worker)
{
    encoder_context_free(worker->context);
    free(worker->pooled);
    free(worker->texts);
    free(worker->pass.groups);
    free(worker->pass.jobs);
}

enum status workers_start(struct workers **ret_workers, const struct workers_options *options)
{
    struct workers *workers = calloc(1, sizeof *workers);
    enum status status = STATUS_OK;

    if (!workers)
        return STATUS_NO_MEMORY;
    if (pthread_mutex_init(&workers->mutex, NULL)) {
        free(workers);
        return STATUS_NO_MEMORY;
    }
    workers->options = *options;
    workers->workers = calloc(options->n_workers, sizeof *workers->workers);
    if (!workers->workers)
        status = STATUS_NO_MEMORY;
    for (size_t i = 0; i < options->n_workers && !status; i++)
        status = worker_init(&workers->workers[i], workers);
    for (size_t i = 0; i < options->n_workers && !status; i++) {
        if (pthread_create(&workers->workers[i].thread, NULL, worker_run, &workers->workers[i])) {
            status = STATUS_NO_MEMORY;
            break;
        }
        pthread_setname_np(workers->workers[i].thread, "encode");
        workers->n_started++;
    }
    if (status) {
        batcher_stop(options->batcher);
        workers_free(workers);
        return status;
    }
    *ret_workers = workers;
    return STATUS_OK;
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    for (size_t i = 0; i < workers->n_started; i++)
        pthread_join(workers->workers[i].thread, NULL);
    for (size_t i = 0; workers->workers && i < workers->options.n_workers; i++)
        worker_release(&workers->workers[i]);
    free(workers->workers);
    pthread_mutex_destroy(&workers->mutex);
    free(workers);
}

void workers_get_stats(struct workers *workers, struct workers_stats *ret_stats)
{
    pthread_mutex_lock(&workers->mutex);
    *ret_stats = workers->stats;
    pthread_mutex_unlock(&workers->mutex);
}
