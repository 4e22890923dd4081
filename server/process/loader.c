/* SPDX-License-Identifier: Apache-2.0 */

#include "server/process/loader.h"

#include "config/options.h"
#include "server/api/embed/limits.h"
#include "server/embedder/model_options.h"
#include "server/exchange/server.h"
#include "server/http/http.h"
#include "server/hub/source.h"
#include "server/observe/metrics.h"
#include "server/text/buffer.h"
#include "server/text/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A model on its way. */
struct coming {
    struct served_model *served;
    struct hub_source *source;
    struct engine_options options;
    struct engine *engine; /* read, not started; NULL once it is the server's */
};

struct loader {
    struct server *server;
    struct coming *models; /* [server->n_models] */
    char url[128];         /* the server's, for a person */
    pthread_t thread;
    int ended; /* an eventfd */
    enum status status;
    struct error error;
    bool has_bad_options;
};

static void pass_done(void *user, size_t n_texts, size_t n_tokens, int64_t duration_us)
{
    (void)duration_us;
    metrics_count_pass(user, n_texts, n_tokens);
}

/* How accurate int8 is for this model, and which products use another format. */
static void describe_accuracy(const struct accuracy_report *report)
{
    if (report->n_texts == 0)
        return;
    log_write(LOG_INFO, "int8: cosines of %zu probe texts to float32: mean %.4f, minimum %.4f",
              report->n_texts, report->int8_mean_cosine, report->int8_min_cosine);
    for (size_t i = 0; i < report->n_fallbacks; i++)
        log_write(LOG_WARNING, "int8: layer %zu: %s uses %s instead", report->fallbacks[i].layer,
                  report->fallbacks[i].product, report->fallback_dtype);
    if (report->n_fallbacks > 0)
        log_write(LOG_WARNING, "int8: with that, cosines to float32: mean %.4f, minimum %.4f%s",
                  report->mean_cosine, report->min_cosine,
                  report->is_within ? "" : ", still below int8's limits");
}

/* The sizes that the card tells, where config.json lists none. */
static void describe_card(const struct engine_info *info)
{
    struct buffer sizes = {0};

    if (info->n_matryoshka_dims > 0 || info->card->n_dims == 0)
        return;
    for (size_t i = 0; i < info->card->n_dims; i++)
        buffer_appendf(&sizes, "%s%zu", i > 0 ? ", " : "", info->card->dims[i]);
    if (!buffer_failed(&sizes))
        log_write(LOG_INFO,
                  "model card: trained for %.*s dimensions; others are allowed too, unless "
                  "--matryoshka-dims lists these",
                  (int)sizes.len_bytes, sizes.bytes);
    buffer_release(&sizes);
}

static void describe(const struct served_model *model, const struct engine_info *info)
{
    char pooling[128] = "";

    for (size_t i = 0; i < info->pooling.n_modes; i++) {
        if (i > 0)
            strncat(pooling, "+", sizeof pooling - strlen(pooling) - 1);
        strncat(pooling, pooling_mode_name(info->pooling.order[i]),
                sizeof pooling - strlen(pooling) - 1);
    }
    if (info->labels->n > 0)
        log_write(LOG_INFO, "model %s: a cross-encoder, labels: %zu, pairs of up to %zu tokens",
                  served_model_name(model), info->labels->n, info->max_tokens);
    else if (info->is_sparse)
        log_write(LOG_INFO,
                  "model %s: sparse vectors of %zu tokens (SPLADE), texts of up to %zu tokens",
                  served_model_name(model), info->n_dims, info->max_tokens);
    else
        log_write(LOG_INFO, "model %s: %zu dimensions, %s pooling%s, texts of up to %zu tokens",
                  served_model_name(model), info->n_dims, pooling,
                  info->normalize ? ", normalised" : "", info->max_tokens);
    log_write(LOG_INFO, "%zu workers, %s, products by %s, kernels: %s", info->n_workers,
              info->dtype, info->gemm_name, info->kernels_name);
    log_write(LOG_INFO, "passes %s", info->ways);
    describe_accuracy(info->accuracy);
    describe_card(info);
    for (size_t i = 0; i < info->n_notes; i++)
        log_write(LOG_WARNING, "model: %s", info->notes[i]);
}

/* The memory that all requests together may hold. Half of what is left, since malloc and libraries
 * need some too, and other programs in the same machine or container may grow. */
static void set_memory_limit(struct server *server)
{
    const struct options *options = server->options;
    size_t limit_bytes = (size_t)options->memory_limit;
    size_t body_bytes = (size_t)options->payload_limit;

    if (limit_bytes == 0) {
        limit_bytes = memory_left("") / 2;
        if (limit_bytes < OPTIONS_MIN_MEMORY_LIMIT)
            limit_bytes = OPTIONS_MIN_MEMORY_LIMIT;
        if (limit_bytes / OPTIONS_MEMORY_PER_PAYLOAD < body_bytes)
            log_write(LOG_WARNING,
                      "memory is short: bodies near --payload-limit (%zu bytes) will be refused",
                      body_bytes);
    }
    atomic_store(&server->memory.limit_bytes, limit_bytes);
    log_write(LOG_INFO, "requests together may hold %zu MiB of memory (--memory-limit)",
              limit_bytes >> 20);
}

enum status loader_new(struct loader **ret_loader, struct server *server,
                       struct hub_source *const *sources, struct error *error)
{
    struct loader *loader = calloc(1, sizeof *loader);

    if (!loader)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    loader->server = server;
    loader->ended = eventfd(0, EFD_CLOEXEC);
    if (loader->ended < 0) {
        loader_free(loader);
        return error_set(error, STATUS_IO, "cannot make an eventfd: %s", strerror(errno));
    }
    loader->models = calloc(server->n_models, sizeof *loader->models);
    if (!loader->models) {
        loader_free(loader);
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    }
    for (size_t i = 0; i < server->n_models; i++) {
        struct served_model *served = &server->models[i];

        loader->models[i] = (struct coming){
            .served = served, .source = sources[i], .options = model_options_make(served->options)};
    }
    *ret_loader = loader;
    return STATUS_OK;
}

static enum status read_model(struct loader *loader, struct coming *coming, struct error *error)
{
    struct served_model *served = coming->served;
    enum status status = engine_read(&coming->engine, &coming->options, error);

    if (status)
        return status;
    status = limits_new(&served->limits, served->options, engine_get_info(coming->engine), error);
    loader->has_bad_options = status == STATUS_INVALID;
    return status ? error_set(error, status, "not enough memory to start") : STATUS_OK;
}

enum status loader_read(struct loader *loader, struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < loader->server->n_models && !status; i++) {
        if (!hub_source_is_coming(loader->models[i].source))
            status = read_model(loader, &loader->models[i], error);
    }
    return status;
}

bool loader_has_bad_options(const struct loader *loader)
{
    return loader->has_bad_options;
}

void loader_free(struct loader *loader)
{
    if (!loader)
        return;
    for (size_t i = 0; loader->models && i < loader->server->n_models; i++)
        engine_close(loader->models[i].engine);
    free(loader->models);
    if (loader->ended >= 0)
        close(loader->ended);
    free(loader);
}

static void count_download(void *user, uint64_t done_bytes, uint64_t total_bytes)
{
    struct server *server = user;

    atomic_store(&server->download_done_bytes, done_bytes);
    atomic_store(&server->download_total_bytes, total_bytes);
}

/* A model that was coming is read here, as soon as it is there. */
static enum status receive(struct loader *loader, struct coming *coming)
{
    struct error *error = &loader->error;
    enum status status;

    if (!hub_source_is_coming(coming->source))
        return STATUS_OK;
    status = hub_source_wait(coming->source, count_download, loader->server, error);
    count_download(loader->server, 0, 0);
    if (status)
        return status;
    coming->options.model_dir = hub_source_folder(coming->source);
    return read_model(loader, coming, error);
}

/* All of them have been read; they share the workers. */
static enum status start(struct loader *loader)
{
    const size_t n_models = loader->server->n_models;
    struct engine *engines[OPTIONS_MAX_MODELS] = {0};
    struct engine_observer observers[OPTIONS_MAX_MODELS];
    const struct engine_observer *pointers[OPTIONS_MAX_MODELS] = {0};
    enum status status;

    for (size_t i = 0; i < n_models; i++) {
        engines[i] = loader->models[i].engine;
        observers[i] = (struct engine_observer){
            .pass_done = pass_done, .user = metrics_of_model(loader->server->metrics, i)};
        pointers[i] = &observers[i];
    }
    status = engine_start_together(engines, n_models, pointers, &loader->error);
    for (size_t i = 0; i < n_models && !status; i++)
        describe(loader->models[i].served, engine_get_info(engines[i]));
    return status;
}

static enum status load(struct loader *loader)
{
    struct server *server = loader->server;
    enum server_state loading = SERVER_LOADING;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < server->n_models && !status; i++)
        status = receive(loader, &loader->models[i]);
    if (!status)
        status = start(loader);
    if (status)
        return status;
    set_memory_limit(server);
    for (size_t i = 0; i < server->n_models; i++) {
        server->models[i].engine = loader->models[i].engine;
        loader->models[i].engine = NULL;
    }
    if (atomic_compare_exchange_strong(&server->state, &loading, SERVER_SERVING))
        log_write(LOG_INFO, "ready in %lld ms: open %s/ to try it and %s/docs for its API",
                  (long long)(clock_now_us() - server->started_us) / 1000, loader->url,
                  loader->url);
    return STATUS_OK;
}

static void *run(void *argument)
{
    struct loader *loader = argument;

    loader->status = load(loader);
    eventfd_write(loader->ended, 1);
    return NULL;
}

enum status loader_start(struct loader *loader)
{
    snprintf(loader->url, sizeof loader->url, "%s", http_local_url(loader->server->http));
    return pthread_create(&loader->thread, NULL, run, loader) ? STATUS_NO_MEMORY : STATUS_OK;
}

int loader_descriptor(const struct loader *loader)
{
    return loader->ended;
}

enum status loader_finish(struct loader *loader, struct error *error)
{
    pthread_join(loader->thread, NULL);
    if (loader->status)
        return error_set(error, loader->status, "%s", loader->error.text);
    return STATUS_OK;
}
