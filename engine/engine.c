/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "engine/base/memory.h"
#include "engine/encoder/encoder.h"
#include "engine/files/folder.h"
#include "engine/gemm/gemm.h"
#include "engine/int8/probe.h"
#include "engine/kernels/kernels.h"
#include "engine/model/model.h"
#include "engine/model/modules/pool.h"
#include "engine/schedule/batcher.h"
#include "engine/schedule/cache.h"
#include "engine/schedule/cores.h"
#include "engine/schedule/workers.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* What engines share that are started together. */
struct crew {
    struct batcher *batcher;
    struct workers *workers; /* NULL: not started, or ended again */
    size_t n_engines;        /* that are not closed */
};

struct engine {
    const struct engine_options *options; /* the caller's, until the engine is started */
    struct model *model;
    struct tokenizer *tokenizer;
    struct encoder *encoder;
    struct cache *cache;
    struct text_secret secret;
    struct crew *crew; /* NULL: not started */
    size_t number;     /* of the crew's models */
    float *nothing;    /* [n_dims]: the vector of a text without a token */
    struct engine_info info;
};

static enum encoder_dtype pick_dtype(const struct engine_options *options)
{
    for (enum encoder_dtype dtype = ENCODER_FLOAT32; dtype <= ENCODER_INT8; dtype++)
        if (strcmp(options->dtype, encoder_dtype_name(dtype)) == 0)
            return dtype;
    return encoder_auto_dtype(options->cpu_mask);
}

static size_t pick_workers(const struct engine_options *options)
{
    return options->n_workers ? options->n_workers : cores_count_usable("");
}

static enum status fall_back(struct engine *engine, size_t n_threads, struct error *error)
{
    struct probe probe;
    enum status status = probe_init(&probe, engine->tokenizer, engine->model->max_tokens);

    if (!status)
        status = encoder_fall_back(engine->encoder, probe.texts, probe.n_texts, n_threads, error);
    probe_release(&probe);
    return status;
}

static enum status load_tokenizer(struct engine *engine, struct error *error)
{
    struct model *model = engine->model;
    enum status status;
    size_t max_tokens;

    if (!model->table.weights) {
        status =
            tokenizer_load(&engine->tokenizer, model->transformer_dir, model->lowercase, error);
        if (!status && model->chat.before)
            status = tokenizer_use_template(engine->tokenizer, &model->chat);
        return status;
    }
    status = tokenizer_load_bare(&engine->tokenizer, model->transformer_dir, error);
    if (status)
        return status;
    if (model->by_model2vec) {
        bool is_limited = model->max_tokens < TOKEN_TABLE_MAX_TOKENS;

        tokenizer_follow_model2vec(engine->tokenizer, is_limited ? model->max_tokens : 0);
        model->table.skipped_id = tokenizer_unknown_id(engine->tokenizer);
    }
    max_tokens = tokenizer_max_tokens(engine->tokenizer);
    if (max_tokens && max_tokens < model->max_tokens)
        model->max_tokens = max_tokens;
    return STATUS_OK;
}

static enum status read_folder(struct engine *engine, struct error *error)
{
    const struct engine_options *options = engine->options;
    enum status status = model_load(&engine->model, options->model_dir, options->pooling, error);

    if (!status)
        status = load_tokenizer(engine, error);
    if (status)
        return status;
    /* Embedding rows are looked up by id without further checks. */
    if (tokenizer_vocabulary_size(engine->tokenizer) > engine->model->arch.vocab_size)
        return error_set(error, STATUS_INVALID, "%s: the tokenizer has %zu tokens, but %s is %zu",
                         options->model_dir, tokenizer_vocabulary_size(engine->tokenizer),
                         engine->model->table.weights ? "the number of embeddings"
                                                      : "config.json: \"vocab_size\"",
                         engine->model->arch.vocab_size);
    if (engine->model->has_types && !tokenizer_splits_pairs(engine->tokenizer))
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: tokenizer.json: \"post_processor\" gives a pair's tokens other types "
                         "than 0 and then 1",
                         options->model_dir);
    if (tokenizer_special_count(engine->tokenizer) >= engine->model->max_tokens)
        return error_set(
            error, STATUS_INVALID,
            "%s: at most %zu tokens a text leave no room for text after %zu special tokens",
            options->model_dir, engine->model->max_tokens,
            tokenizer_special_count(engine->tokenizer));
    return STATUS_OK;
}

static struct engine_info describe_model(const struct model *model,
                                         const struct tokenizer *tokenizer)
{
    return (struct engine_info){
        .tokenizer = tokenizer,
        .hidden_size = model->arch.hidden_size,
        .n_dims = model->n_dims,
        .default_dims = model->default_dims,
        .max_tokens = model->max_tokens,
        .pooling = model->pooling,
        .normalize = model->normalize,
        .similarity = model->similarity,
        .prompts = model->prompts,
        .n_prompts = model->n_prompts,
        .default_prompt = model->default_prompt,
        .include_prompt = model->include_prompt,
        .matryoshka_dims = model->matryoshka_dims,
        .n_matryoshka_dims = model->n_matryoshka_dims,
        .notes = (const char *const *)model->notes,
        .n_notes = model->n_notes,
        .is_sparse = model->sparse.pooling != SPARSE_NONE,
        .labels = &model->labels,
        .card = &model->card,
    };
}

static enum status pack(struct engine *engine, struct error *error)
{
    const struct engine_options *options = engine->options;
    enum status status;

    if (engine->model->table.weights)
        return STATUS_OK;
    status = encoder_new(&engine->encoder, engine->model, pick_dtype(options), options->cpu_mask,
                         pick_workers(options), error);
    if (!status && pick_dtype(options) == ENCODER_INT8)
        status = fall_back(engine, pick_workers(options), error);
    if (!status && options->tune)
        status = encoder_tune(engine->encoder, options->tune, pick_workers(options));
    return status;
}

/* A look-up takes so little that a pass has many texts of them, and no helpers. */
enum { TABLE_PASS_TOKENS = 8192 };

static void describe_run(struct engine *engine)
{
    static const struct accuracy_report not_measured = {0};
    struct engine_info *info = &engine->info;

    if (!engine->encoder) {
        info->dtype = encoder_dtype_name(ENCODER_FLOAT32);
        info->gemm_name = "no products";
        info->kernels_name = "look-up in a table";
        info->ways = "one by one";
        info->accuracy = &not_measured;
        return;
    }
    info->dtype = encoder_dtype_name(pick_dtype(engine->options));
    info->gemm_name = encoder_gemm_name(engine->encoder);
    info->kernels_name = encoder_kernels_name(engine->encoder);
    info->ways = encoder_ways(engine->encoder);
    info->accuracy = encoder_get_accuracy(engine->encoder);
}

static enum status pool_nothing(struct engine *engine)
{
    size_t n_floats = model_pool_floats(engine->model);
    AUTO_FREE float *scratch = calloc(n_floats, sizeof *scratch);

    engine->nothing = calloc(n_floats, sizeof *engine->nothing);
    if (!engine->nothing || !scratch)
        return STATUS_NO_MEMORY;
    model_pool_nothing(engine->model, engine->nothing, scratch);
    return STATUS_OK;
}

static size_t max_pass_tokens(const struct engine *engine)
{
    return engine->encoder ? engine->options->max_pass_tokens : TABLE_PASS_TOKENS;
}

static struct batcher_options describe_queue(const struct engine *engine)
{
    return (struct batcher_options){
        .max_queued_tokens = engine->options->max_queued_tokens,
        .max_pass_tokens = max_pass_tokens(engine),
        .works_alone = !engine->encoder,
    };
}

static struct workers_model describe_work(const struct engine *engine,
                                          const struct engine_observer *observer)
{
    return (struct workers_model){
        .model = engine->model,
        .encoder = engine->encoder,
        .cache = engine->cache,
        .max_pass_tokens = max_pass_tokens(engine),
        .pass_done = observer ? observer->pass_done : NULL,
        .user = observer ? observer->user : NULL,
    };
}

/* All that an engine has to itself. */
static enum status make_ready(struct engine *engine, struct error *error)
{
    enum status status = pack(engine, error);

    if (!status)
        status = pool_nothing(engine);
    if (!status)
        status = cache_new(&engine->cache, engine->options->cache_bytes, engine->model->n_dims);
    engine->secret = text_secret_draw();
    return status;
}

static enum status start_crew(struct crew *crew, struct engine *const *engines, size_t n_engines,
                              const struct engine_observer *const *observers, struct error *error)
{
    AUTO_FREE struct batcher_options *queues = calloc(n_engines, sizeof *queues);
    AUTO_FREE struct workers_model *models = calloc(n_engines, sizeof *models);
    struct workers_options options = {
        .models = models,
        .n_models = n_engines,
        .n_workers = pick_workers(engines[0]->options),
        .now_us = clock_now_us,
    };
    enum status status;

    if (!queues || !models)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n_engines; i++) {
        queues[i] = describe_queue(engines[i]);
        models[i] = describe_work(engines[i], observers[i]);
        engines[i]->info.n_workers = options.n_workers; /* counted anew, they may be others */
    }
    status = batcher_new(&crew->batcher, queues, n_engines, options.n_workers, clock_now_us);
    if (status)
        return status;
    options.batcher = crew->batcher;
    return workers_start(&crew->workers, &options, error);
}

/* The crew of these engines, which is theirs from here on, also where it cannot be started. */
static enum status hire(struct engine *const *engines, size_t n_engines,
                        const struct engine_observer *const *observers, struct error *error)
{
    struct crew *crew = calloc(1, sizeof *crew);

    if (!crew)
        return STATUS_NO_MEMORY;
    crew->n_engines = n_engines;
    for (size_t i = 0; i < n_engines; i++) {
        engines[i]->crew = crew;
        engines[i]->number = i;
    }
    return start_crew(crew, engines, n_engines, observers, error);
}

/* The workers of all engines of the crew end; the last engine to leave frees the rest. */
static void leave_crew(struct crew *crew)
{
    if (!crew)
        return;
    if (crew->batcher)
        batcher_stop(crew->batcher);
    workers_free(crew->workers);
    crew->workers = NULL;
    if (--crew->n_engines > 0)
        return;
    batcher_free(crew->batcher);
    free(crew);
}

bool engine_find_cpu_mask(const char *name, unsigned *ret_mask)
{
    return kernels_find_mask(name, ret_mask);
}

enum status engine_check(const struct engine_options *options, struct error *error)
{
    enum status status = STATUS_OK;

    if (options->model_dir)
        status = folder_check(options->model_dir, error);
    if (!status)
        status = encoder_check_dtype(pick_dtype(options), options->cpu_mask, error);
    return status;
}

enum status engine_read(struct engine **ret_engine, const struct engine_options *options,
                        struct error *error)
{
    struct engine *engine = calloc(1, sizeof *engine);
    enum status status = STATUS_NO_MEMORY;

    if (engine) {
        engine->options = options;
        status = gemm_try(error);
    }
    if (!status)
        status = read_folder(engine, error);
    if (status) {
        engine_close(engine);
        return error_set(error, status, "%s: out of memory while reading the model",
                         options->model_dir);
    }
    engine->info = describe_model(engine->model, engine->tokenizer);
    *ret_engine = engine;
    return STATUS_OK;
}

enum status engine_start_together(struct engine *const *engines, size_t n_engines,
                                  const struct engine_observer *const *observers,
                                  struct error *error)
{
    const char *folder = engines[0]->options->model_dir;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < n_engines && !status; i++) {
        folder = engines[i]->options->model_dir;
        status = make_ready(engines[i], error);
    }
    if (!status)
        status = hire(engines, n_engines, observers, error);
    if (status)
        return error_set(error, status, "%s: out of memory while starting the workers", folder);
    for (size_t i = 0; i < n_engines; i++) {
        describe_run(engines[i]);
        engines[i]->options = NULL;
    }
    /* Packing took and freed buffers of tens of megabytes, which the allocator keeps otherwise. */
    malloc_trim(0);
    return STATUS_OK;
}

enum status engine_start(struct engine *engine, const struct engine_observer *observer,
                         struct error *error)
{
    return engine_start_together(&engine, 1, &observer, error);
}

enum status engine_open(struct engine **ret_engine, const struct engine_options *options,
                        const struct engine_observer *observer, struct error *error)
{
    struct engine *engine = NULL;
    enum status status = engine_read(&engine, options, error);

    if (!status)
        status = engine_start(engine, observer, error);
    if (status) {
        engine_close(engine);
        return status;
    }
    *ret_engine = engine;
    return STATUS_OK;
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    leave_crew(engine->crew);
    cache_free(engine->cache);
    encoder_free(engine->encoder);
    tokenizer_free(engine->tokenizer);
    model_free(engine->model);
    free(engine->nothing);
    free(engine);
}

const struct engine_info *engine_get_info(const struct engine *engine)
{
    return &engine->info;
}

/* A pair has no prompt that would be skipped, so what it is cut into can stand in its place. */
static struct text_key key_of(const struct engine *engine, const struct job *job)
{
    size_t kind = job->n_skipped + job->n_first;

    if (job->token_vectors)
        kind = TEXT_KEY_NOT_POOLED;
    return text_key_of(&engine->secret, job->ids, job->n_tokens, kind);
}

/* What needs no pass: a text without a token, and one whose vector the cache has. */
static bool finish_at_once(struct engine *engine, struct job *job)
{
    if (job->token_vectors) {
        if (job->n_tokens == 0)
            job->status = STATUS_OK;
        return job->n_tokens == 0;
    }
    if (job->n_tokens == 0)
        job_deliver(job, engine->nothing);
    else if (cache_get(engine->cache, job->engine.key, job->n_dims, job->vector))
        job_deliver(job, job->vector);
    else
        return false;
    return true;
}

enum status engine_submit(struct engine *engine, struct job_group *group)
{
    for (size_t i = 0; i < group->n_jobs; i++) {
        struct job *job = &group->jobs[i];

        if (job->n_tokens > 0)
            job->engine.key = key_of(engine, job);
        job->engine.state = JOB_WAITING;
        if (finish_at_once(engine, job))
            job->engine.state = JOB_ENDED;
    }
    return batcher_submit(engine->crew->batcher, engine->number, group);
}

void engine_cancel(struct engine *engine, struct job_group *group)
{
    batcher_cancel(engine->crew->batcher, group);
}

int64_t engine_measure_stall(struct engine *engine, int64_t elapsed_us)
{
    return workers_measure_stall(engine->crew->workers, elapsed_us);
}

void engine_allow_workers(struct engine *engine, size_t n_workers)
{
    const size_t n_started = engine->info.n_workers;
    const size_t n_allowed = n_workers > 0 ? n_workers : 1;

    batcher_rest(engine->crew->batcher, n_allowed < n_started ? n_started - n_allowed : 0);
}

size_t engine_count_cores(void)
{
    return cores_count_usable("");
}

void engine_get_stats(struct engine *engine, struct engine_stats *ret_stats)
{
    struct batcher_stats queue;
    struct workers_stats work;
    struct cache_stats cache;

    cache_get_stats(engine->cache, &cache);
    batcher_get_stats(engine->crew->batcher, engine->number, &queue);
    workers_get_stats(engine->crew->workers, engine->number, &work);
    *ret_stats = (struct engine_stats){
        .queued_texts = queue.queued_texts,
        .queued_tokens = queue.queued_tokens,
        .running_texts = queue.running_texts,
        .running_tokens = queue.running_tokens,
        /* A worker may have a second pass in the middle of its first. */
        .busy_workers = queue.running_passes < engine->info.n_workers ? queue.running_passes
                                                                      : engine->info.n_workers,
        .resting_workers = queue.resting_workers,
        .passes = work.passes,
        .encoded_texts = work.encoded_texts,
        .encoded_tokens = work.encoded_tokens,
        .followed_texts = queue.followed_texts,
        .cache_hits = cache.hits,
        .cache_misses = cache.misses,
        .cache_used_bytes = cache.used_bytes,
        .tokens_per_second =
            work.tokens_per_second * (double)(engine->info.n_workers - queue.resting_workers),
    };
}
