/* SPDX-License-Identifier: Apache-2.0 */

/* A batch becomes a flight: its tokens, a job a text, the engine's group. Few flights are in the
 * engine at once, so tokens take little memory however much is submitted, yet as many as keep every
 * worker busy while the next are tokenized. */
#include "server/embedder/local.h"

#include "config/options.h"
#include "server/api/embed/limits.h"
#include "server/api/embed/prompted.h"
#include "server/embedder/model_options.h"
#include "server/exchange/server.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_TEXTS = 64,
    FLIGHTS_PER_WORKER = 2,
    MORE_FLIGHTS = 2,
};

struct local {
    struct engine *engine;
    struct limits *limits;
    size_t n_dims;
    char model_name[256];
    size_t max_flights;

    pthread_mutex_t mutex;
    pthread_cond_t landed;
    size_t n_flights; /* guarded by mutex */
};

struct flight {
    struct job_group group; /* first, so that land() finds the rest */
    struct local *local;
    struct embed_batch *batch;
    struct tokens tokens;
    size_t *i_texts; /* [n_jobs]: of which text each job is */
    struct job jobs[];
};

/* ---- opening ---- */

static enum status choose_dims(struct local *local, long n_dims, struct error *error)
{
    const struct limits *limits = local->limits;

    if (n_dims == EMBEDDER_DEFAULT_DIMS)
        local->n_dims = limits->default_dims;
    else if (n_dims == EMBEDDER_FULL_DIMS)
        local->n_dims = limits->n_dims;
    else if (n_dims > 0 && limits_allow_dims(limits, (size_t)n_dims))
        local->n_dims = (size_t)n_dims;
    else
        return error_set(error, STATUS_INVALID,
                         "--dimensions=%ld: expected a size that the model allows: %s", n_dims,
                         limits_list_dims(limits).text);
    return STATUS_OK;
}

static void describe(struct local *local, const struct options *options,
                     struct embedder_info *ret_info)
{
    const struct engine_info *info = engine_get_info(local->engine);
    bool is_listed = local->limits->n_dims_listed > 0; /* else the model's card may know */
    struct served_model served;                        /* the name is what a server would give it */

    served_model_init(&served, options);
    snprintf(local->model_name, sizeof(local->model_name), "%s", served_model_name(&served));
    *ret_info = (struct embedder_info){
        .model_name = local->model_name,
        .dtype = info->dtype,
        .n_dims = local->n_dims,
        .max_tokens = info->max_tokens,
        .normalize = info->normalize,
        .similarity = info->similarity,
        .dims = is_listed ? local->limits->dims : info->card->dims,
        .n_dims_listed = is_listed ? local->limits->n_dims_listed : info->card->n_dims,
        .batch_texts = BATCH_TEXTS,
        .n_batches = 2 * local->max_flights,
    };
}

static enum status open_engine(struct local *local, const struct options *options, long n_dims,
                               struct error *error)
{
    struct engine_options engine_options = model_options_make(options);
    enum status status;

    /* Flights bound what is queued. */
    engine_options.max_queued_tokens = SIZE_MAX / 2;
    status = engine_read(&local->engine, &engine_options, error);
    if (!status)
        status = limits_new(&local->limits, options, engine_get_info(local->engine), error);
    if (!status)
        status = limits_demand_vectors(local->limits, error);
    if (!status)
        status = choose_dims(local, n_dims, error);
    if (!status)
        status = engine_start(local->engine, NULL, error);
    return status;
}

enum status local_open(struct local **ret_local, const struct options *options, long n_dims,
                       struct embedder_info *ret_info, struct error *error)
{
    struct local *local;
    enum status status = model_options_check(options, true, error);

    if (status)
        return status;
    local = calloc(1, sizeof(*local));
    if (!local)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    pthread_mutex_init(&local->mutex, NULL);
    pthread_cond_init(&local->landed, NULL);
    status = open_engine(local, options, n_dims, error);
    if (status) {
        local_close(local);
        return error_set(error, status, "not enough memory to start");
    }
    local->max_flights =
        FLIGHTS_PER_WORKER * engine_get_info(local->engine)->n_workers + MORE_FLIGHTS;
    describe(local, options, ret_info);
    *ret_local = local;
    return STATUS_OK;
}

void local_close(struct local *local)
{
    if (!local)
        return;
    pthread_mutex_lock(&local->mutex);
    while (local->n_flights > 0)
        pthread_cond_wait(&local->landed, &local->mutex);
    pthread_mutex_unlock(&local->mutex);
    engine_close(local->engine);
    limits_free(local->limits);
    pthread_cond_destroy(&local->landed);
    pthread_mutex_destroy(&local->mutex);
    free(local);
}

enum status local_find_prompt(const struct local *local, const char *name,
                              struct embed_prompt *ret_prompt, struct error *error)
{
    struct slice text;

    if (!name) {
        *ret_prompt = (struct embed_prompt){.text = local->limits->default_prompt};
        return STATUS_OK;
    }
    if (!limits_get_prompt_text(local->limits, (struct slice){name, strlen(name)}, &text))
        return error_set(error, STATUS_INVALID, "%s: expected one of the model's prompts: %s", name,
                         limits_list_prompts(local->limits).text);
    *ret_prompt = (struct embed_prompt){.name = name, .text = text};
    return STATUS_OK;
}

/* ---- flights ---- */

static void wait_for_room(struct local *local)
{
    pthread_mutex_lock(&local->mutex);
    while (local->n_flights == local->max_flights)
        pthread_cond_wait(&local->landed, &local->mutex);
    local->n_flights++;
    pthread_mutex_unlock(&local->mutex);
}

/* Hands the batch back; the flight is no more. */
static void end_flight(struct local *local, struct flight *flight, struct embed_batch *batch,
                       enum status status)
{
    if (flight) {
        tokens_release(&flight->tokens);
        free(flight->i_texts);
        free(flight);
    }
    batch->status = status;
    if (status)
        error_set(&batch->error, status,
                  status == STATUS_NO_MEMORY ? "not enough memory" : "the engine is stopping");
    batch->done(batch);
    /* Last: who closes the embedder waits for it. */
    pthread_mutex_lock(&local->mutex);
    local->n_flights--;
    pthread_cond_broadcast(&local->landed);
    pthread_mutex_unlock(&local->mutex);
}

static void refuse_text(struct embed_batch *batch, size_t i, enum status status,
                        const struct local *local, size_t n_tokens)
{
    batch->texts[i].status = status;
    memset(batch->vectors + i * local->n_dims, 0, local->n_dims * sizeof(float));
    if (status == STATUS_TOO_LONG)
        error_set(&batch->error, status,
                  "the text has %zu tokens, the model takes %zu, and --auto-truncate is false",
                  n_tokens, local->limits->max_text_tokens);
    else
        error_set(&batch->error, status, "the vector holds a number that is not finite");
}

/* The group is done, on a worker's thread. */
static void land(struct job_group *group)
{
    struct flight *flight = (struct flight *)group;
    struct embed_batch *batch = flight->batch;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < group->n_jobs; i++) {
        if (flight->jobs[i].status == STATUS_NOT_FINITE)
            refuse_text(batch, flight->i_texts[i], STATUS_NOT_FINITE, flight->local, 0);
        else if (!status)
            status = flight->jobs[i].status;
    }
    end_flight(flight->local, flight, batch, status);
}

static enum status tokenize(const struct local *local, struct flight *flight)
{
    const struct tokenizer *tokenizer = engine_get_info(local->engine)->tokenizer;
    const struct limits *limits = local->limits;
    const struct tokenize_options options = {
        .truncate = limits->auto_truncate ? limits->truncate : TRUNCATE_NONE,
        .max_tokens = limits->max_text_tokens,
        .add_special = true,
    };
    struct embed_batch *batch = flight->batch;
    struct buffer scratch = {0};
    struct tokenize_result result;
    size_t n_prompt_tokens = 0;
    enum status status = STATUS_OK;

    if (!limits->include_prompt)
        status = prompted_count_tokens(tokenizer, batch->prompt.text, options.max_tokens,
                                       &flight->tokens, &n_prompt_tokens);
    for (size_t i = 0; i < batch->n_texts && !status; i++) {
        struct embed_text *text = &batch->texts[i];
        struct slice joined = prompted_join(batch->prompt.text, text->text, &scratch);
        struct job *job = &flight->jobs[flight->group.n_jobs];

        *text = (struct embed_text){.text = text->text};
        status = joined.bytes ? tokenizer_encode(tokenizer, joined.bytes, joined.len_bytes,
                                                 &options, &flight->tokens, &result)
                              : STATUS_NO_MEMORY;
        if (status == STATUS_TOO_LONG) {
            refuse_text(batch, i, status, local, result.n_tokens_whole);
            status = STATUS_OK;
            continue;
        }
        if (status)
            break;
        text->n_tokens = result.n_tokens;
        text->is_truncated = result.truncated;
        job->n_tokens = result.n_tokens;
        job->n_skipped = prompted_count_skipped(n_prompt_tokens, &result);
        flight->i_texts[flight->group.n_jobs++] = i;
    }
    buffer_release(&scratch);
    return status;
}

/* Once all tokens are there, for their buffer may move. */
static void fill_jobs(const struct local *local, struct flight *flight)
{
    const int32_t *ids = flight->tokens.ids;

    for (size_t i = 0; i < flight->group.n_jobs; i++) {
        struct job *job = &flight->jobs[i];

        job->ids = ids;
        ids += job->n_tokens;
        job->vector = flight->batch->vectors + flight->i_texts[i] * local->n_dims;
        job->n_dims = local->n_dims;
        job->normalize = local->limits->normalize;
    }
}

static struct flight *new_flight(struct local *local, struct embed_batch *batch)
{
    struct flight *flight = NULL;
    size_t size;

    if (!__builtin_mul_overflow(batch->n_texts, sizeof(struct job), &size) &&
        !__builtin_add_overflow(size, sizeof(*flight), &size))
        flight = calloc(1, size);
    if (!flight)
        return NULL;
    flight->i_texts = calloc(batch->n_texts, sizeof(*flight->i_texts));
    if (!flight->i_texts) {
        free(flight);
        return NULL;
    }
    flight->local = local;
    flight->batch = batch;
    flight->group.jobs = flight->jobs;
    flight->group.done = land;
    return flight;
}

void local_encode(struct local *local, struct embed_batch *batch)
{
    struct flight *flight;
    enum status status = STATUS_NO_MEMORY;

    wait_for_room(local);
    flight = new_flight(local, batch);
    if (flight)
        status = tokenize(local, flight);
    if (status || flight->group.n_jobs == 0) {
        end_flight(local, flight, batch, status);
        return;
    }
    fill_jobs(local, flight);
    status = engine_submit(local->engine, &flight->group);
    if (status)
        end_flight(local, flight, batch, status);
}
