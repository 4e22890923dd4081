/* SPDX-License-Identifier: Apache-2.0 */

/* GET /metrics: a table of all families, in the order in which they are written. A family is read
 * from struct metrics, where requests are counted, or from struct readings, which is filled in when
 * somebody asks. Gauges of an engine are zero while its model is loading. What is counted or read of
 * each model has a line for each, with the label "model" where there are several.
 *
 * The format: https://prometheus.io/docs/instrumenting/exposition_formats/. */

#include "config/options.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"
#include "server/observe/metrics.h"
#include "server/observe/metrics_private.h"
#include "server/observe/process_readings.h"
#include "server/text/log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

/* What a model's engine says of itself now. */
struct model_readings {
    uint64_t queue_texts;
    uint64_t queue_tokens;
    uint64_t backlog_us;
    uint64_t duplicate_texts;
    uint64_t cache_hits;
    uint64_t cache_misses;
    uint64_t cache_bytes;
    uint64_t workers_busy;
    uint64_t max_queue_tokens;
    uint64_t model_ready;
};

/* What the server and the process do. */
struct readings {
    uint64_t requests_unanswered;
    uint64_t requests_in_flight;
    uint64_t connections;
    uint64_t workers;
    uint64_t workers_resting;
    uint64_t usable_cores;
    uint64_t stalled_us;
    uint64_t log_lines_lost;
    uint64_t memory_limit_bytes;
    uint64_t memory_bytes;
    uint64_t memory_peak_bytes;
    uint64_t max_requests;
    uint64_t max_connections;
    uint64_t reload_succeeded;
    uint64_t reloaded_s;
    uint64_t started_s;
    struct throttling throttling;
    struct process_readings process;
};

/* A model, as a scrape sees it. */
struct model_scrape {
    const struct engine_info *info; /* NULL: it is loading */
    struct model_metrics *metrics;
    struct model_readings readings;
    size_t resting_workers; /* of all models */
    struct buffer labels;   /* model="NAME"; empty where there is one model */
};

struct scrape {
    const struct server *server;
    struct metrics *metrics;
    struct readings readings;
    struct model_scrape *models; /* [server->n_models] */
};

enum place {
    IN_METRICS,
    IN_READINGS,
    IN_MODEL_METRICS, /* these two: in each model's */
    IN_MODEL_READINGS,
};

struct family {
    const char *name;
    const char *type;
    const char *help;
    /* All its lines; or, where what it shows is one field, NULL and the next three. */
    void (*write)(struct scrape *scrape, const struct family *family, struct buffer *buffer);
    enum place place;
    size_t offset; /* in that place */
    void (*write_field)(void *field, const char *name, const char *labels, struct buffer *buffer);
};

/* ---- what the table's rows are written with ---- */

static void write_value(const char *name, const char *labels, uint64_t value, struct buffer *buffer)
{
    if (labels[0])
        buffer_appendf(buffer, "%s{%s} %" PRIu64 "\n", name, labels, value);
    else
        buffer_appendf(buffer, "%s %" PRIu64 "\n", name, value);
}

static uint64_t read_counter(atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void write_counter(void *field, const char *name, const char *labels, struct buffer *buffer)
{
    write_value(name, labels, read_counter(field), buffer);
}

static void write_histogram(void *field, const char *name, const char *labels,
                            struct buffer *buffer)
{
    histogram_write(field, name, labels, buffer);
}

static void write_reading(void *field, const char *name, const char *labels, struct buffer *buffer)
{
    write_value(name, labels, *(const uint64_t *)field, buffer);
}

/* Of microseconds. */
static void write_seconds(void *field, const char *name, const char *labels, struct buffer *buffer)
{
    uint64_t value_us = *(const uint64_t *)field;

    buffer_appendf(buffer, labels[0] ? "%s{%s}" : "%s%s", name, labels);
    buffer_appendf(buffer, " %" PRIu64 ".%06" PRIu64 "\n", value_us / 1000000, value_us % 1000000);
}

/* No series without TLS: an alert on it would take 0 for a certificate that has ended. */
static void write_certificate(struct scrape *scrape, const struct family *family,
                              struct buffer *buffer)
{
    int64_t ends_s = atomic_load(&scrape->server->certificate_ends_s);

    if (scrape->server->tls)
        buffer_appendf(buffer, "%s %" PRId64 "\n", family->name, ends_s);
}

/* A label's value, escaped as the format wants it. */
static void append_label(struct buffer *buffer, const char *name, const char *value)
{
    buffer_appendf(buffer, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n') {
            buffer_append_string(buffer, "\\n");
            continue;
        }
        if (*value == '"' || *value == '\\')
            buffer_append_string(buffer, "\\");
        buffer_append(buffer, value, 1);
    }
    buffer_append_string(buffer, "\"");
}

static void write_requests(struct scrape *scrape, const struct family *family,
                           struct buffer *buffer)
{
    const struct routes *routes = scrape->metrics->routes;

    for (size_t i_route = 0; i_route <= routes->n; i_route++) {
        const struct route *route = i_route < routes->n ? &routes->rows[i_route] : NULL;

        if (routes_find_first(routes, route) != i_route)
            continue;
        for (size_t i = 0; i < METRICS_N_STATUSES; i++) {
            buffer_appendf(buffer, "%s{", family->name);
            append_label(buffer, "route", route ? route->path : "other");
            buffer_appendf(buffer, ",status=\"%u\"} %" PRIu64 "\n", metrics_statuses[i],
                           read_counter(&scrape->metrics->requests[i_route][i]));
        }
    }
}

static const char *const problem_names[N_PROBLEMS] = {
#define PROBLEM(name, http_status, type, code, tei_status, tei_type) [PROBLEM_##name] = #name,
#include "server/exchange/errors.def"
#undef PROBLEM
};

static void write_rejected(struct scrape *scrape, const struct family *family,
                           struct buffer *buffer)
{
    for (size_t i = 0; i < N_PROBLEMS; i++) {
        buffer_appendf(buffer, "%s{reason=\"", family->name);
        for (const char *c = problem_names[i]; *c; c++) {
            char lower = (char)tolower((unsigned char)*c);

            buffer_append(buffer, &lower, 1);
        }
        buffer_appendf(buffer, "\"} %" PRIu64 "\n", read_counter(&scrape->metrics->rejected[i]));
    }
}

static void write_build(struct scrape *scrape, const struct family *family, struct buffer *buffer)
{
    (void)scrape;
    buffer_appendf(buffer, "%s{version=\"" NESTD_VERSION "\"} 1\n", family->name);
}

static void write_info(struct scrape *scrape, const struct family *family, struct buffer *buffer)
{
    for (size_t i = 0; i < scrape->server->n_models; i++) {
        const struct engine_info *info = scrape->models[i].info;

        if (!info)
            continue;
        buffer_appendf(buffer, "%s{", family->name);
        append_label(buffer, "model", served_model_name(&scrape->server->models[i]));
        buffer_append_string(buffer, ",");
        append_label(buffer, "dtype", info->dtype);
        buffer_appendf(buffer, ",dimensions=\"%zu\",max_tokens=\"%zu\"} 1\n", info->n_dims,
                       info->max_tokens);
    }
}

/* ---- the table ---- */

#define WRITTEN(name, type, help, write)                                                           \
    {                                                                                              \
        name, type, help, write, 0, 0, NULL                                                        \
    }
#define FIELD(name, type, help, place, struct_, field, write)                                      \
    {                                                                                              \
        name, type, help, NULL, place, offsetof(struct struct_, field), write                      \
    }
#define COUNTER(name, field, help)                                                                 \
    FIELD(name, "counter", help, IN_MODEL_METRICS, model_metrics, field, write_counter)
#define HISTOGRAM(name, field, help)                                                               \
    FIELD(name, "histogram", help, IN_MODEL_METRICS, model_metrics, field, write_histogram)
#define OF_MODEL(name, type, field, help)                                                          \
    FIELD(name, type, help, IN_MODEL_READINGS, model_readings, field, write_reading)
#define READING(name, type, field, help)                                                           \
    FIELD(name, type, help, IN_READINGS, readings, field, write_reading)
/* A field in microseconds, shown in seconds. */
#define OF_MODEL_US(name, type, field, help)                                                       \
    FIELD(name, type, help, IN_MODEL_READINGS, model_readings, field, write_seconds)
#define READING_US(name, type, field, help)                                                        \
    FIELD(name, type, help, IN_READINGS, readings, field, write_seconds)

/* clang-format off */
static const struct family families[] = {
    WRITTEN("nestd_requests_total", "counter",
              "Requests that have ended, by route and HTTP status.", write_requests),
    READING("nestd_requests_unanswered", "gauge", requests_unanswered,
            "Requests whose first line has arrived and whose reply has not left, besides this one."),
    READING("nestd_requests_in_flight", "gauge", requests_in_flight,
            "Inference requests whose body has arrived and whose reply is not complete."),
    READING("nestd_requests_in_flight_limit", "gauge", max_requests,
            "Beyond so many, requests are answered with 429 (--max-concurrent-requests)."),
    READING("nestd_connections", "gauge", connections, "Open connections, idle ones included."),
    READING("nestd_connections_limit", "gauge", max_connections,
            "Beyond so many, requests but probes are answered with 429 (--max-connections)."),
    WRITTEN("nestd_requests_rejected_total", "counter",
              "Requests answered with an error, by reason.", write_rejected),
    COUNTER("nestd_texts_total", n_texts, "Texts of answered requests."),
    COUNTER("nestd_tokens_total", n_tokens, "Tokens of answered requests, after truncation."),
    COUNTER("nestd_truncated_texts_total", n_truncated, "Texts of answered requests that were cut."),
    FIELD("nestd_request_duration_seconds", "histogram",
          "Inference requests, from their first line to the end of their reply.", IN_METRICS, metrics,
          request_us, write_histogram),
    HISTOGRAM("nestd_tokenize_duration_seconds", tokenize_us,
              "Decoding and tokenizing, per answered request."),
    HISTOGRAM("nestd_queue_duration_seconds", queue_us,
              "While none of its texts was encoded but some waited, per answered request."),
    HISTOGRAM("nestd_encode_duration_seconds", encode_us,
              "While at least one of its texts was encoded, per answered request."),
    HISTOGRAM("nestd_text_tokens", text_tokens, "Tokens per text of answered requests."),
    HISTOGRAM("nestd_pass_texts", pass_texts, "Texts per pass of a worker through the model."),
    HISTOGRAM("nestd_pass_tokens", pass_tokens, "Tokens per pass of a worker through the model."),
    OF_MODEL("nestd_queue_texts", "gauge", queue_texts, "Texts that wait for a worker."),
    OF_MODEL("nestd_queue_tokens", "gauge", queue_tokens,
             "Tokens of the texts that wait for a worker."),
    OF_MODEL("nestd_queue_tokens_limit", "gauge", max_queue_tokens,
             "Beyond so many, requests are answered with 429 (--max-queue-tokens)."),
    OF_MODEL_US("nestd_backlog_seconds", "gauge", backlog_us,
            "How long all workers take for what they have: the tokens that wait and those of running "
            "passes, each counted whole, over the rate of the last passes (tokens a second of one "
            "worker, smoothed over about 20 passes, times those that do not rest). 0 until a pass has ended."),
    OF_MODEL("nestd_duplicate_texts_total", "counter", duplicate_texts,
             "Texts that were not encoded because the same text was being encoded."),
    OF_MODEL("nestd_cache_hits_total", "counter", cache_hits,
             "Texts that were not encoded because their vector was still there."),
    OF_MODEL("nestd_cache_misses_total", "counter", cache_misses,
             "Texts that were looked for among finished vectors and not found."),
    OF_MODEL("nestd_cache_bytes", "gauge", cache_bytes, "Finished vectors that are kept."),
    READING("nestd_workers", "gauge", workers, "Threads that encode."),
    OF_MODEL("nestd_workers_busy", "gauge", workers_busy, "Threads that are encoding."),
    READING("nestd_workers_resting", "gauge", workers_resting,
            "Of them, threads without a core: the CPU quota or affinity has shrunk since the start."),
    READING("nestd_usable_cores", "gauge", usable_cores,
            "Physical cores in the affinity mask, but no more than the CPU quota; read again and again."),
    READING_US("nestd_stalled_seconds", "gauge", stalled_us,
               "For how long a worker has made no step in its pass, or no worker has taken what waits."),
    OF_MODEL("nestd_model_ready", "gauge", model_ready, "1 once the model is loaded."),
    WRITTEN("nestd_build_info", "gauge", "The version of the program.", write_build),
    WRITTEN("nestd_model_info", "gauge", "The model that is loaded.", write_info),
    READING("nestd_log_lines_lost_total", "counter", log_lines_lost,
            "Lines of the log for which stderr had no room."),
    READING("nestd_memory_limit_bytes", "gauge", memory_limit_bytes,
            "What requests may hold in memory together; 0 until the model is loaded."),
    READING("nestd_request_memory_bytes", "gauge", memory_bytes,
            "What requests hold in memory: bodies, JSON, tokens, vectors and replies."),
    READING("nestd_request_memory_peak_bytes", "gauge", memory_peak_bytes,
            "The most that they have held at once."),
    WRITTEN("nestd_certificate_end_timestamp_seconds", "gauge",
            "When the certificate of --tls-cert ends, in Unix time; only with TLS.", write_certificate),
    READING("nestd_last_reload_successful", "gauge", reload_succeeded,
            "1, or 0 if the last SIGHUP found a file malformed, whose old contents are in force."),
    READING("nestd_last_reload_success_timestamp_seconds", "gauge", reloaded_s,
            "When keys and certificate were last read without an error, in Unix time."),
    READING("nestd_cpu_periods_total", "counter", throttling.n_periods,
            "Periods in which the cgroups of this process that have a CPU quota wanted to run."),
    READING("nestd_cpu_throttled_periods_total", "counter", throttling.n_throttled,
            "Of those, periods in which the quota did not last."),
    READING_US("nestd_cpu_throttled_seconds_total", "counter", throttling.stopped_us,
            "How long this process was stopped by a CPU quota, summed over CPUs."),
    READING_US("process_cpu_seconds_total", "counter", process.cpu_us,
            "User and system CPU time spent in seconds."),
    READING("process_start_time_seconds", "gauge", started_s,
            "When the server was started, in Unix time."),
    READING("process_open_fds", "gauge", process.open_files, "Open file descriptors."),
    READING("process_max_fds", "gauge", process.max_files, "File descriptors that may be open."),
    READING("process_resident_memory_bytes", "gauge", process.resident_bytes,
            "Resident memory size in bytes."),
};
/* clang-format on */

/* ---- reading ---- */

static uint64_t count_backlog_us(const struct engine_stats *stats)
{
    double tokens = (double)stats->queued_tokens + (double)stats->running_tokens;

    return stats->tokens_per_second > 0 ? (uint64_t)(tokens / stats->tokens_per_second * 1e6) : 0;
}

/* Besides the request that asks. */
static size_t count_unanswered(const struct server *server)
{
    size_t n_unanswered = atomic_load(&server->n_unanswered);

    return n_unanswered > 0 ? n_unanswered - 1 : 0;
}

static void read_model(const struct server *server, size_t i, struct model_scrape *ret_model)
{
    const struct served_model *served = &server->models[i];
    struct engine *engine = atomic_load(&served->engine);
    struct engine_stats stats = {0};

    if (engine)
        engine_get_stats(engine, &stats);
    *ret_model = (struct model_scrape){
        .info = engine ? engine_get_info(engine) : NULL,
        .metrics = metrics_of_model(server->metrics, i),
        .resting_workers = stats.resting_workers,
        .readings =
            {
                .queue_texts = stats.queued_texts,
                .queue_tokens = stats.queued_tokens,
                .backlog_us = count_backlog_us(&stats),
                .max_queue_tokens = (uint64_t)served->options->max_queue_tokens,
                .duplicate_texts = stats.followed_texts,
                .cache_hits = stats.cache_hits,
                .cache_misses = stats.cache_misses,
                .cache_bytes = stats.cache_used_bytes,
                .workers_busy = stats.busy_workers,
                .model_ready = engine != NULL,
            },
    };
    if (server->n_models > 1)
        append_label(&ret_model->labels, "model", served_model_name(served));
    buffer_append(&ret_model->labels, "", 1); /* so that it ends as a string does */
}

/* Every model's part is read, and what is of the workers taken from the first: all share them. */
static void read_all(struct scrape *scrape, const struct server *server)
{
    scrape->server = server;
    scrape->metrics = server->metrics;
    for (size_t i = 0; i < server->n_models; i++)
        read_model(server, i, &scrape->models[i]);
    scrape->readings = (struct readings){
        .requests_unanswered = count_unanswered(server),
        .requests_in_flight = atomic_load(&server->n_requests),
        .connections = atomic_load(&server->n_connections),
        .workers = scrape->models[0].info ? scrape->models[0].info->n_workers : 0,
        .workers_resting = scrape->models[0].resting_workers,
        .usable_cores = atomic_load(&server->n_cores),
        .stalled_us = (uint64_t)atomic_load(&server->stalled_us),
        .max_requests = (uint64_t)server->options->max_concurrent_requests,
        .max_connections = (uint64_t)server->max_connections,
        .log_lines_lost = log_count_lost(),
        .memory_limit_bytes = atomic_load(&server->memory.limit_bytes),
        .memory_bytes = atomic_load(&server->memory.used_bytes),
        .memory_peak_bytes = atomic_load(&server->memory.peak_bytes),
        .reload_succeeded = !atomic_load(&server->reload_failed),
        .reloaded_s = (uint64_t)atomic_load(&server->reloaded_s),
        .started_s = (uint64_t)server->created,
        .throttling = throttling_read(""),
        .process = process_read(),
    };
}

static void write_fields(struct scrape *scrape, const struct family *family, struct buffer *buffer)
{
    bool is_of_model = family->place == IN_MODEL_METRICS || family->place == IN_MODEL_READINGS;
    size_t n = is_of_model ? scrape->server->n_models : 1;

    for (size_t i = 0; i < n; i++) {
        struct model_scrape *model = &scrape->models[i];
        void *const places[] = {
            [IN_METRICS] = scrape->metrics,
            [IN_READINGS] = &scrape->readings,
            [IN_MODEL_METRICS] = model->metrics,
            [IN_MODEL_READINGS] = &model->readings,
        };

        family->write_field((char *)places[family->place] + family->offset, family->name,
                            is_of_model ? model->labels.bytes : "", buffer);
    }
}

static void write_family(struct scrape *scrape, const struct family *family, struct buffer *buffer)
{
    buffer_appendf(buffer, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
                   family->type);
    if (family->write)
        family->write(scrape, family, buffer);
    else
        write_fields(scrape, family, buffer);
}

static void release(struct scrape *scrape)
{
    for (size_t i = 0; i < scrape->server->n_models; i++)
        buffer_release(&scrape->models[i].labels);
    free(scrape->models);
}

static bool has_labels(const struct scrape *scrape)
{
    size_t i = 0;

    while (i < scrape->server->n_models && !buffer_failed(&scrape->models[i].labels))
        i++;
    return i == scrape->server->n_models;
}

void metrics_write(const struct server *server, struct buffer *buffer)
{
    struct scrape scrape = {.models = calloc(server->n_models, sizeof *scrape.models)};

    if (!scrape.models) {
        buffer->failed = true;
        return;
    }
    read_all(&scrape, server);
    if (has_labels(&scrape)) {
        for (size_t i = 0; i < sizeof families / sizeof *families; i++)
            write_family(&scrape, &families[i], buffer);
    } else {
        buffer->failed = true;
    }
    release(&scrape);
}
