/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/workers.h"

#include "engine/base/memory.h"
#include "engine/base/time_slice.h"
#include "engine/encoder/encoder.h"
#include "engine/model/model.h"
#include "engine/model/modules/pool.h"
#include "engine/schedule/batcher.h"
#include "engine/schedule/cache.h"
#include "engine/schedule/cores.h"
#include "engine/schedule/lane.h"
#include "engine/schedule/memory_left.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* What a caller of workers_measure_stall last saw, and for how long it has seen the same. */
struct stall_mark {
    bool had_work;
    unsigned long n_steps;
    int64_t stalled_us;
};

struct worker {
    struct workers *workers;
    struct lane main;
    struct lane between; /* for small requests that pass between two tiles of the main pass */
    float *pooled;       /* these three are as large as the model needs that needs most: */
    float *scratch;      /* both [model_pool_floats()] */
    double *sums;        /* [hidden_size], where the model has a table */
    pthread_t thread;
    atomic_bool is_busy;    /* has a pass */
    atomic_ulong n_steps;   /* written by its own thread alone: passes begun, layers and tiles */
    struct stall_mark mark; /* for workers_measure_stall alone, as is the next */
};

struct workers {
    struct workers_options options;
    struct workers_model *models; /* [n_models] */
    struct worker *workers;       /* [n_workers] */
    size_t n_started;
    struct stall_mark queue_mark;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t warmed_up;
    size_t n_warm;               /* of those started, whether it went well or not */
    enum status warm_status;     /* the first failure */
    struct workers_stats *stats; /* [n_models] */
};

/* Whose texts the pass in a lane has. */
static const struct workers_model *model_of(const struct worker *worker, const struct pass *pass)
{
    return &worker->workers->models[pass->model];
}

/* Gives out one text's token vectors as they are: to its job and to those that follow it, all of
 * which ask for them. The cache keeps none: they are hundreds of times as large as one vector. */
static void finish_tokens(const struct model *model, struct job *job, const float *tokens)
{
    size_t n_numbers = job->n_tokens * model->arch.hidden_size;

    job_deliver_tokens(job, tokens, n_numbers);
    for (struct job *follower = job->engine.followers; follower;
         follower = follower->engine.next_follower)
        job_deliver_tokens(follower, tokens, n_numbers);
}

/* Gives out one text's vector to its job and those that follow it, and keeps it for later ones. */
static void finish_job(struct cache *cache, struct job *job, const float *vector)
{
    job_deliver(job, vector);
    for (struct job *follower = job->engine.followers; follower;
         follower = follower->engine.next_follower)
        job_deliver(follower, vector);
    if (job->status == STATUS_OK)
        cache_put(cache, job->engine.key, vector);
}

static void fail_job(struct job *job, enum status status)
{
    job->status = status;
    for (struct job *follower = job->engine.followers; follower;
         follower = follower->engine.next_follower)
        follower->status = status;
}

static void pool_tokens(struct worker *worker, const struct workers_model *served, struct job *job,
                        const float *tokens)
{
    const struct model *model = served->model;
    size_t n_tokens = model_count_pooled(model, job->ids, job->n_tokens);

    model_pool(model, tokens, n_tokens, job->n_skipped, worker->pooled, worker->scratch);
    finish_job(served->cache, job, worker->pooled);
}

/* A pass of a model that has a table and no encoder. */
static void look_up_lane(struct worker *worker, struct lane *lane)
{
    struct pass *pass = &lane->pass;
    const struct workers_model *served = model_of(worker, pass);
    const struct model *model = served->model;

    batcher_settle(worker->workers->options.batcher, pass);
    for (size_t i = 0; i < pass->n_jobs; i++) {
        struct job *job = pass->jobs[i];

        if (job->token_vectors) {
            for (size_t j = 0; j < job->n_tokens; j++)
                token_table_get(&model->table, job->ids[j],
                                job->token_vectors + j * model->arch.hidden_size);
            finish_tokens(model, job, job->token_vectors);
            continue;
        }
        model_look_up(model, job->ids, job->n_tokens, worker->sums, worker->pooled,
                      worker->scratch);
        finish_job(served->cache, job, worker->pooled);
    }
}

static void encode_lane(struct worker *worker, struct lane *lane, void (*let_pass)(void *user))
{
    struct pass *pass = &lane->pass;
    const struct workers_model *served = model_of(worker, pass);
    const struct model *model = served->model;
    const struct encoder_pass encoder_pass = {
        .texts = lane->texts,
        .n_texts = pass->n_jobs,
        .team = &lane->team,
        .before_layer = let_pass,
        .before_tile = let_pass,
        .user = worker,
    };
    const float *tokens = NULL; /* [pass->n_tokens, hidden] */
    enum status status;

    for (size_t i = 0; i < pass->n_jobs; i++)
        lane->texts[i] = (struct encoder_text){
            .ids = pass->jobs[i]->ids,
            .n_tokens = pass->jobs[i]->n_tokens,
            .n_first = pass->jobs[i]->n_first,
            .scores = model->sparse.pooling ? pass->jobs[i]->vector : NULL,
        };
    status = encoder_run(lane->contexts[pass->model], &encoder_pass, &tokens);
    batcher_settle(worker->workers->options.batcher, pass);
    for (size_t i = 0, row = 0; i < pass->n_jobs; row += pass->jobs[i++]->n_tokens) {
        if (status)
            fail_job(pass->jobs[i], status);
        else if (pass->jobs[i]->token_vectors)
            finish_tokens(model, pass->jobs[i], tokens + row * model->arch.hidden_size);
        else if (model->sparse.pooling)
            finish_job(served->cache, pass->jobs[i], pass->jobs[i]->vector);
        else
            pool_tokens(worker, served, pass->jobs[i], tokens + row * model->arch.hidden_size);
    }
}

static void count_pass(struct workers *workers, const struct pass *pass, int64_t duration_us)
{
    double rate = (double)pass->n_tokens * 1e6 / (double)(duration_us > 0 ? duration_us : 1);
    const struct workers_model *served = &workers->models[pass->model];
    struct workers_stats *stats = &workers->stats[pass->model];

    pthread_mutex_lock(&workers->mutex);
    stats->tokens_per_second = stats->passes ? stats->tokens_per_second * 0.95 + rate * 0.05 : rate;
    stats->passes++;
    stats->encoded_texts += pass->n_jobs;
    stats->encoded_tokens += pass->n_tokens;
    pthread_mutex_unlock(&workers->mutex);
    if (served->pass_done)
        served->pass_done(served->user, pass->n_jobs, pass->n_tokens, duration_us);
}

static void run_lane(struct worker *worker, struct lane *lane, void (*let_pass)(void *user))
{
    struct workers *workers = worker->workers;
    int64_t started_us = workers->options.now_us();

    if (lane->contexts[lane->pass.model])
        encode_lane(worker, lane, let_pass);
    else
        look_up_lane(worker, lane);
    count_pass(workers, &lane->pass, workers->options.now_us() - started_us);
}

static void count_step(void *user)
{
    struct worker *worker = user;

    atomic_store_explicit(&worker->n_steps,
                          atomic_load_explicit(&worker->n_steps, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* Promises 4 and 5: when other work has come, helpers go to it; with no helper to send, a small
 * request is encoded here, before the main pass goes on. */
static void let_pass(void *user)
{
    struct worker *worker = user;
    struct batcher *batcher = worker->workers->options.batcher;

    count_step(worker);
    if (batcher_has_waiting(batcher) && team_dismiss(&worker->main.team))
        return;
    if (!batcher_has_small(batcher) || !batcher_take_between(batcher, &worker->between.pass))
        return;
    run_lane(worker, &worker->between, count_step);
    batcher_finish(batcher, &worker->between.pass);
}

/* Has the thread do what it does but once, and may fail at, before anybody waits for it. */
static void warm_up(struct worker *worker)
{
    struct workers *workers = worker->workers;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < workers->options.n_models && !status; i++)
        if (worker->main.contexts[i])
            status = encoder_warm_up(worker->main.contexts[i]);

    pthread_mutex_lock(&workers->mutex);
    if (!workers->warm_status)
        workers->warm_status = status;
    workers->n_warm++;
    pthread_cond_signal(&workers->warmed_up);
    pthread_mutex_unlock(&workers->mutex);
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    struct batcher *batcher = worker->workers->options.batcher;
    struct lane *lane = &worker->main;

    time_slice_ask(TIME_SLICE_LONG_NS);
    cores_bind((size_t)(worker - worker->workers->workers), worker->workers->options.n_workers);
    warm_up(worker);
    for (;;) {
        struct team *other = NULL;

        switch (batcher_take(batcher, &lane->pass, &lane->team, &other)) {
        case WORK_NONE:
            return NULL;
        case WORK_HELP:
            team_help(other, lane->contexts[other->model]);
            break;
        case WORK_PASS:
            count_step(worker);
            atomic_store(&worker->is_busy, true);
            run_lane(worker, lane, let_pass);
            batcher_withdraw(batcher, &lane->team);
            team_close(&lane->team);
            batcher_finish(batcher, &lane->pass);
            atomic_store(&worker->is_busy, false);
            break;
        }
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Before any of it is touched: the kernel grants more memory than there is, and kills later. */
static enum status check_memory(const struct workers *workers, struct error *error)
{
    size_t left_bytes = memory_left("");
    size_t max_tokens = 0;
    size_t len_bytes = 0;
    bool is_number = true;

    for (size_t i = 0; i < workers->options.n_models; i++) {
        max_tokens = larger(max_tokens, lane_max_tokens(&workers->options, i, true));
        is_number = is_number && lane_add_memory(&workers->options, i, &len_bytes);
    }
    if (!is_number || !size_multiply(len_bytes, workers->options.n_workers, &len_bytes))
        len_bytes = SIZE_MAX;
    if (left_bytes == 0 || len_bytes <= left_bytes)
        return STATUS_OK;
    return error_set(error, STATUS_NO_MEMORY,
                     "memory is short: %zu workers with room for %zu tokens each take %zu MiB, but "
                     "%zu MiB are left; fewer workers take less, and so does a smaller "
                     "\"max_seq_length\" in sentence_bert_config.json",
                     workers->options.n_workers, max_tokens, len_bytes >> 20, left_bytes >> 20);
}

static enum status worker_init(struct worker *worker, struct workers *workers)
{
    size_t n_floats = 1;
    size_t n_sums = 1;
    enum status status;

    for (size_t i = 0; i < workers->options.n_models; i++) {
        const struct model *model = workers->models[i].model;

        n_floats = larger(n_floats, model_pool_floats(model));
        if (model->table.weights)
            n_sums = larger(n_sums, model->arch.hidden_size);
    }
    worker->workers = workers;
    worker->pooled = calloc(n_floats, sizeof *worker->pooled);
    worker->scratch = calloc(n_floats, sizeof *worker->scratch);
    worker->sums = calloc(n_sums, sizeof *worker->sums);
    status = worker->pooled && worker->scratch && worker->sums
                 ? lane_init(&worker->main, &workers->options, true)
                 : STATUS_NO_MEMORY;
    if (!status)
        status = lane_init(&worker->between, &workers->options, false);
    return status;
}

static void worker_release(struct worker *worker)
{
    size_t n_models = worker->workers ? worker->workers->options.n_models : 0;

    lane_release(&worker->between, n_models);
    lane_release(&worker->main, n_models);
    free(worker->pooled);
    free(worker->scratch);
    free(worker->sums);
}

static enum status wait_warm(struct workers *workers)
{
    enum status status;

    pthread_mutex_lock(&workers->mutex);
    while (workers->n_warm < workers->n_started)
        pthread_cond_wait(&workers->warmed_up, &workers->mutex);
    status = workers->warm_status;
    pthread_mutex_unlock(&workers->mutex);
    return status;
}

/* Everything but threads; on failure too it is workers_free's. */
static enum status prepare(struct workers *workers, struct error *error)
{
    const struct workers_options *options = &workers->options;
    enum status status;

    workers->models = calloc(options->n_models, sizeof *workers->models);
    workers->stats = calloc(options->n_models, sizeof *workers->stats);
    workers->workers = calloc(options->n_workers, sizeof *workers->workers);
    if (!workers->models || !workers->stats || !workers->workers)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < options->n_models; i++)
        workers->models[i] = options->models[i];
    workers->options.models = workers->models;
    status = check_memory(workers, error);
    for (size_t i = 0; i < options->n_workers && !status; i++)
        status = worker_init(&workers->workers[i], workers);
    return status;
}

static enum status start_threads(struct workers *workers)
{
    for (size_t i = 0; i < workers->options.n_workers; i++) {
        if (pthread_create(&workers->workers[i].thread, NULL, worker_run, &workers->workers[i]))
            return STATUS_NO_MEMORY;
        pthread_setname_np(workers->workers[i].thread, "encode");
        workers->n_started++;
    }
    return wait_warm(workers);
}

enum status workers_start(struct workers **ret_workers, const struct workers_options *options,
                          struct error *error)
{
    struct workers *workers = calloc(1, sizeof *workers);
    enum status status;

    if (!workers)
        return STATUS_NO_MEMORY;
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->warmed_up, NULL);
    workers->options = *options;
    status = prepare(workers, error);
    if (!status)
        status = start_threads(workers);
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
    free(workers->models);
    free(workers->stats);
    pthread_cond_destroy(&workers->warmed_up);
    pthread_mutex_destroy(&workers->mutex);
    free(workers);
}

/* Work at both looks and the same number: nothing has moved. elapsed_us is the time since the last
 * look; work that came meanwhile has waited for some of it only, so none is counted. */
static int64_t look_again(struct stall_mark *mark, bool has_work, unsigned long n_steps,
                          int64_t elapsed_us)
{
    bool has_moved = !has_work || !mark->had_work || mark->n_steps != n_steps;

    mark->stalled_us = has_moved ? 0 : mark->stalled_us + elapsed_us;
    mark->had_work = has_work;
    mark->n_steps = n_steps;
    return mark->stalled_us;
}

/* A pass that is shared moves with every tile of any member. */
static unsigned long count_moves(const struct worker *worker)
{
    const struct team *team = &worker->main.team;

    return atomic_load_explicit(&worker->n_steps, memory_order_relaxed) +
           1000003ul * atomic_load_explicit(&team->phase, memory_order_relaxed) +
           atomic_load_explicit(&team->next_tile, memory_order_relaxed);
}

int64_t workers_measure_stall(struct workers *workers, int64_t elapsed_us)
{
    unsigned long n_all = 0;
    int64_t max_us = 0, stalled_us;
    bool any_busy = false;

    for (size_t i = 0; i < workers->n_started; i++) {
        struct worker *worker = &workers->workers[i];
        bool is_busy = atomic_load(&worker->is_busy);

        stalled_us = look_again(&worker->mark, is_busy, count_moves(worker), elapsed_us);
        max_us = stalled_us > max_us ? stalled_us : max_us;
        n_all += worker->mark.n_steps;
        any_busy = any_busy || is_busy;
    }
    stalled_us =
        look_again(&workers->queue_mark, !any_busy && batcher_has_waiting(workers->options.batcher),
                   n_all, elapsed_us);
    return stalled_us > max_us ? stalled_us : max_us;
}

void workers_get_stats(struct workers *workers, size_t model, struct workers_stats *ret_stats)
{
    pthread_mutex_lock(&workers->mutex);
    *ret_stats = workers->stats[model];
    pthread_mutex_unlock(&workers->mutex);
}
