/* SPDX-License-Identifier: Apache-2.0 */

/* The series of Text Embeddings Inference by its names, for dashboards and alerts that have them: of
 * the routes that embed or judge, in every API. Its histograms have other bounds. What each counts
 * here is in the page /guide/moving. */
#include "server/exchange/request.h"
#include "server/exchange/server.h"
#include "server/observe/metrics.h"
#include "server/observe/metrics_private.h"

#include <inttypes.h>

void metrics_tei_init(struct tei_metrics *tei, const struct histogram *empty)
{
    for (size_t i = 0; i < N_TEI_TIMES; i++) {
        tei->request_us[i] = *empty;
        for (size_t i_task = 0; i_task < N_TEI_TASKS; i_task++)
            tei->text_us[i_task][i] = *empty;
    }
}

/* ---- counting ---- */

static void count(atomic_uint_least64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static enum tei_error find_error(enum problem problem)
{
    switch (problem) {
    case PROBLEM_TOO_MANY_INPUTS:
        return TEI_BATCH_SIZE;
    case PROBLEM_INTERNAL_ERROR:
    case PROBLEM_VECTOR_NOT_FINITE:
        return TEI_INFERENCE;
    case PROBLEM_WRONG_MODEL:
    case PROBLEM_NOT_SPARSE:
        return TEI_MODEL_TYPE;
    case PROBLEM_OVERLOADED:
    case PROBLEM_LOADING:
    case PROBLEM_DRAINING:
        return TEI_OVERLOADED;
    case PROBLEM_TOO_LONG:
    case PROBLEM_TOO_MANY_TOKENS:
    case PROBLEM_INVALID_TOKEN:
        return TEI_TOKENIZATION;
    default:
        return TEI_VALIDATION;
    }
}

static enum tei_task find_task(const struct request *request)
{
    struct engine *engine = atomic_load(&request->model->engine);

    return engine && engine_get_info(engine)->labels->n > 0 ? TEI_PREDICT : TEI_EMBED;
}

/* The route is one that embeds or judges. A request that was refused before its texts were counted
 * is one of one text. */
void metrics_tei_count(struct tei_metrics *tei, const struct request *request)
{
    const int64_t times_us[N_TEI_TIMES] = {
        [TEI_TOTAL] = clock_now_us() - request->began_us,
        [TEI_TOKENIZE] = request->tokenize_us,
        [TEI_QUEUE] = request->group.queue_us,
        [TEI_INFER] = request->group.encode_us,
    };
    enum tei_method method = request->n_texts > 1 ? TEI_BATCH : TEI_SINGLE;
    enum tei_task task = find_task(request);

    count(&tei->requests[method], 1);
    count(&tei->texts[task], request->n_texts);
    if (request->reply.http_status != 200) {
        bool dropped = request->reply.http_status == 499 || !request->reply.content_type;

        count(&tei->failures[dropped ? TEI_DROPPED : find_error(request->reply.problem)], 1);
        return;
    }
    count(&tei->successes[method], 1);
    count(&tei->texts_done[task], request->n_texts);
    for (size_t i = 0; i < N_TEI_TIMES; i++) {
        histogram_observe(&tei->request_us[i], times_us[i]);
        histogram_observe_times(&tei->text_us[task][i], times_us[i], request->n_texts);
    }
}

/* ---- writing ---- */

struct family {
    const char *name;
    const char *type;
    void (*write)(const struct family *family, struct metrics *metrics, struct buffer *buffer);
    size_t offset; /* in struct metrics */
    const char *help;
};

static uint64_t read_counter(const atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void write_counter(const struct family *family, struct metrics *metrics,
                          struct buffer *buffer)
{
    const atomic_uint_least64_t *counter = (void *)((char *)metrics + family->offset);

    buffer_appendf(buffer, "%s %" PRIu64 "\n", family->name, read_counter(counter));
}

static void write_histogram(const struct family *family, struct metrics *metrics,
                            struct buffer *buffer)
{
    histogram_write((void *)((char *)metrics + family->offset), family->name, "", buffer);
}

/* What is counted of each model, of all together; the offset is in struct model_metrics. */
static void write_sum(const struct family *family, struct metrics *metrics, struct buffer *buffer)
{
    const struct histogram *first = (void *)((char *)metrics->models + family->offset);
    struct histogram sum = {
        .bounds = first->bounds, .n_bounds = first->n_bounds, .unit = first->unit};

    for (size_t i = 0; i < metrics->n_models; i++)
        histogram_add(&sum, (void *)((char *)&metrics->models[i] + family->offset));
    histogram_write(&sum, family->name, "", buffer);
}

/* An array of counters, each with a label of its own. */
static void write_labelled(const struct family *family, struct metrics *metrics,
                           struct buffer *buffer, const char *label, const char *const values[],
                           size_t n)
{
    const atomic_uint_least64_t *counters = (void *)((char *)metrics + family->offset);

    for (size_t i = 0; i < n; i++)
        buffer_appendf(buffer, "%s{%s=\"%s\"} %" PRIu64 "\n", family->name, label, values[i],
                       read_counter(&counters[i]));
}

static void write_methods(const struct family *family, struct metrics *metrics,
                          struct buffer *buffer)
{
    static const char *const methods[] = {[TEI_SINGLE] = "single", [TEI_BATCH] = "batch"};

    write_labelled(family, metrics, buffer, "method", methods, N_TEI_METHODS);
}

static void write_errors(const struct family *family, struct metrics *metrics,
                         struct buffer *buffer)
{
    static const char *const errors[] = {
        [TEI_BATCH_SIZE] = "batch_size", [TEI_DROPPED] = "dropped",
        [TEI_INFERENCE] = "inference",   [TEI_MODEL_TYPE] = "model_type",
        [TEI_OVERLOADED] = "overloaded", [TEI_TOKENIZATION] = "tokenization",
        [TEI_VALIDATION] = "validation",
    };

    write_labelled(family, metrics, buffer, "err", errors, N_TEI_ERRORS);
}

/* clang-format off */
#define COUNTER(name, write, field, help) {name, "counter", write, offsetof(struct metrics, field), help}
#define HISTOGRAM(name, field, help) {name, "histogram", write_histogram, offsetof(struct metrics, field), help}
#define SUM(name, field, help) {name, "histogram", write_sum, offsetof(struct model_metrics, field), help}
#define TIMES(name, field, of) \
    HISTOGRAM(name "_duration", field[TEI_TOTAL], of ": from its first line to the end of its reply."), \
    HISTOGRAM(name "_tokenization_duration", field[TEI_TOKENIZE], of ": decoding and tokenizing."), \
    HISTOGRAM(name "_queue_duration", field[TEI_QUEUE], of ": waiting."), \
    HISTOGRAM(name "_inference_duration", field[TEI_INFER], of ": encoding.")
#define TASK(name, task) \
    COUNTER(name "_count", write_counter, tei.texts[task], "Texts or pairs, answered or not."), \
    COUNTER(name "_success", write_counter, tei.texts_done[task], "Texts or pairs of answered requests."), \
    TIMES(name, tei.text_us[task], "The request of a text or pair")

static const struct family families[] = {
    COUNTER("te_request_count", write_methods, tei.requests, "Requests that have ended."),
    COUNTER("te_request_success", write_methods, tei.successes, "Requests that were answered."),
    COUNTER("te_request_failure", write_errors, tei.failures, "Requests that were refused or dropped."),
    TIMES("te_request", tei.request_us, "A request that was answered"),
    SUM("te_request_input_length", text_tokens, "Tokens per text."),
    TASK("te_embed", TEI_EMBED),
    TASK("te_predict", TEI_PREDICT),
    SUM("te_batch_next_size", pass_texts, "Texts per pass through the model."),
    SUM("te_batch_next_tokens", pass_tokens, "Tokens per pass through the model."),
};
/* clang-format on */

static void write_queue_size(const struct server *server, struct buffer *buffer)
{
    size_t n_texts = 0;

    for (size_t i = 0; i < server->n_models; i++) {
        struct engine *engine = atomic_load(&server->models[i].engine);
        struct engine_stats stats = {0};

        if (engine)
            engine_get_stats(engine, &stats);
        n_texts += stats.queued_texts;
    }
    buffer_appendf(buffer,
                   "# HELP te_queue_size Texts that wait for a worker.\n"
                   "# TYPE te_queue_size gauge\nte_queue_size %" PRIu64 "\n",
                   (uint64_t)n_texts);
}

void metrics_write_tei(const struct server *server, struct buffer *buffer)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const struct family *family = &families[i];

        buffer_appendf(buffer, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
                       family->name, family->type);
        family->write(family, server->metrics, buffer);
    }
    write_queue_size(server, buffer);
}
