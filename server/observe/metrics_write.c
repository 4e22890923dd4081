/* SPDX-License-Identifier: Apache-2.0 */

/* GET /metrics: a table of all families, in the order in which they are written. A family is read
 * from struct metrics, where requests are counted, or from struct readings, which is filled in when
 * somebody asks. Gauges of the engine are zero while the model is loading.
 *
 * The format: https://prometheus.io/docs/instrumenting/exposition_formats/. */

#include "server/exchange/route.h"
#include "server/exchange/server.h"
#include "server/observe/metrics.h"
#include "server/observe/metrics_private.h"
#include "server/text/log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* What the server, its engine and the process say of themselves now. */
struct readings {
    uint64_t requests_unanswered;
    uint64_t requests_in_flight;
    uint64_t queue_texts;
    uint64_t queue_tokens;
    uint64_t duplicate_texts;
    uint64_t cache_hits;
    uint64_t cache_misses;
    uint64_t cache_bytes;
    uint64_t workers;
    uint64_t workers_busy;
    uint64_t model_ready;
    uint64_t log_lines_lost;
    uint64_t memory_limit_bytes;
    uint64_t memory_bytes;
    uint64_t memory_peak_bytes;
    uint64_t resident_bytes;
};

struct scrape {
    const struct server *server;
    struct metrics *metrics;
    const struct engine_info *info; /* NULL: the model is loading */
    struct readings readings;
};

struct family {
    const char *name;
    const char *type;
    const char *help;
    void (*write)(struct scrape *scrape, const struct family *family, struct buffer *buffer);
    size_t offset; /* of what it shows, where that is one field */
};

/* ---- what the table's rows are written with ---- */

static void write_value(const char *name, uint64_t value, struct buffer *buffer)
{
    buffer_appendf(buffer, "%s %" PRIu64 "\n", name, value);
}

static uint64_t read_counter(atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void write_counter(struct scrape *scrape, const struct family *family, struct buffer *buffer)
{
    void *field = (char *)scrape->metrics + family->offset;

    write_value(family->name, read_counter(field), buffer);
}

static void write_histogram(struct scrape *scrape, const struct family *family,
                            struct buffer *buffer)
{
    void *field = (char *)scrape->metrics + family->offset;

    histogram_write(field, family->name, buffer);
}

static void write_reading(struct scrape *scrape, const struct family *family, struct buffer *buffer)
{
    const void *field = (const char *)&scrape->readings + family->offset;

    write_value(family->name, *(const uint64_t *)field, buffer);
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

static void write_model(struct scrape *scrape, const struct family *family, struct buffer *buffer)
{
    const struct engine_info *info = scrape->info;

    if (!info)
        return;
    buffer_appendf(buffer, "%s{", family->name);
    append_label(buffer, "model", server_model_name(scrape->server));
    buffer_append_string(buffer, ",");
    append_label(buffer, "dtype", info->dtype);
    buffer_appendf(buffer, ",dimensions=\"%zu\",max_tokens=\"%zu\"} 1\n", info->n_dims,
                   info->max_tokens);
}

/* ---- the table ---- */

#define COUNTER(name, field, help)                                                                 \
    {                                                                                              \
        name, "counter", help, write_counter, offsetof(struct metrics, field)                      \
    }
#define HISTOGRAM(name, field, help)                                                               \
    {                                                                                              \
        name, "histogram", help, write_histogram, offsetof(struct metrics, field)                  \
    }
#define READING(name, type, field, help)                                                           \
    {                                                                                              \
        name, type, help, write_reading, offsetof(struct readings, field)                          \
    }

/* clang-format off */
static const struct family families[] = {
    {"nestd_requests_total", "counter", "Requests that have ended, by route and HTTP status.",
     write_requests, 0},
    READING("nestd_requests_unanswered", "gauge", requests_unanswered,
            "Requests whose first line has arrived and whose reply has not left, besides this one."),
    READING("nestd_requests_in_flight", "gauge", requests_in_flight,
            "Inference requests whose body has arrived and whose reply is not complete."),
    {"nestd_requests_rejected_total", "counter", "Requests answered with an error, by reason.",
     write_rejected, 0},
    COUNTER("nestd_texts_total", n_texts, "Texts of answered requests."),
    COUNTER("nestd_tokens_total", n_tokens, "Tokens of answered requests, after truncation."),
    COUNTER("nestd_truncated_texts_total", n_truncated, "Texts of answered requests that were cut."),
    HISTOGRAM("nestd_request_duration_seconds", request_us,
              "Inference requests, from their first line to the end of their reply."),
    HISTOGRAM("nestd_tokenize_duration_seconds", tokenize_us,
              "Decoding and tokenizing, per answered request."),
    HISTOGRAM("nestd_queue_duration_seconds", queue_us,
              "While none of its texts was encoded but some waited, per answered request."),
    HISTOGRAM("nestd_encode_duration_seconds", encode_us,
              "While at least one of its texts was encoded, per answered request."),
    HISTOGRAM("nestd_text_tokens", text_tokens, "Tokens per text of answered requests."),
    HISTOGRAM("nestd_pass_texts", pass_texts, "Texts per pass of a worker through the model."),
    HISTOGRAM("nestd_pass_tokens", pass_tokens, "Tokens per pass of a worker through the model."),
    READING("nestd_queue_texts", "gauge", queue_texts, "Texts that wait for a worker."),
    READING("nestd_queue_tokens", "gauge", queue_tokens,
            "Tokens of the texts that wait for a worker."),
    READING("nestd_duplicate_texts_total", "counter", duplicate_texts,
            "Texts that were not encoded because the same text was being encoded."),
    READING("nestd_cache_hits_total", "counter", cache_hits,
            "Texts that were not encoded because their vector was still there."),
    READING("nestd_cache_misses_total", "counter", cache_misses,
            "Texts that were looked for among finished vectors and not found."),
    READING("nestd_cache_bytes", "gauge", cache_bytes, "Finished vectors that are kept."),
    READING("nestd_workers", "gauge", workers, "Threads that encode."),
    READING("nestd_workers_busy", "gauge", workers_busy, "Threads that are encoding."),
    READING("nestd_model_ready", "gauge", model_ready, "1 once the model is loaded."),
    {"nestd_build_info", "gauge", "The version of the program.", write_build, 0},
    {"nestd_model_info", "gauge", "The model that is loaded.", write_model, 0},
    READING("nestd_log_lines_lost_total", "counter", log_lines_lost,
            "Lines of the log for which stderr had no room."),
    READING("nestd_memory_limit_bytes", "gauge", memory_limit_bytes,
            "What requests may hold in memory together; 0 until the model is loaded."),
    READING("nestd_request_memory_bytes", "gauge", memory_bytes,
            "What requests hold in memory: bodies, JSON, tokens, vectors and replies."),
    READING("nestd_request_memory_peak_bytes", "gauge", memory_peak_bytes,
            "The most that they have held at once."),
    READING("process_resident_memory_bytes", "gauge", resident_bytes,
            "Resident memory size in bytes."),
};
/* clang-format on */

/* ---- reading ---- */

/* The second number of /proc/self/statm, in pages (proc(5)). 0 if it cannot be read. */
static uint64_t read_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    uint64_t n_pages = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%*u %" SCNu64, &n_pages) != 1)
        n_pages = 0;
    fclose(file);
    return n_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Besides the request that asks. */
static size_t count_unanswered(const struct server *server)
{
    size_t n_unanswered = atomic_load(&server->n_unanswered);

    return n_unanswered > 0 ? n_unanswered - 1 : 0;
}

static struct scrape read_all(const struct server *server)
{
    struct engine *engine = server->engine;
    const struct engine_info *info = engine ? engine_get_info(engine) : NULL;
    struct engine_stats stats = {0};

    if (engine)
        engine_get_stats(engine, &stats);
    return (struct scrape){
        .server = server,
        .metrics = server->metrics,
        .info = info,
        .readings =
            {
                .requests_unanswered = count_unanswered(server),
                .requests_in_flight = atomic_load(&server->n_requests),
                .queue_texts = stats.queued_texts,
                .queue_tokens = stats.queued_tokens,
                .duplicate_texts = stats.followed_texts,
                .cache_hits = stats.cache_hits,
                .cache_misses = stats.cache_misses,
                .cache_bytes = stats.cache_used_bytes,
                .workers = info ? info->n_workers : 0,
                .workers_busy = stats.busy_workers,
                .model_ready = engine != NULL,
                .log_lines_lost = log_count_lost(),
                .memory_limit_bytes = atomic_load(&server->memory.limit_bytes),
                .memory_bytes = atomic_load(&server->memory.used_bytes),
                .memory_peak_bytes = atomic_load(&server->memory.peak_bytes),
                .resident_bytes = read_resident_bytes(),
            },
    };
}

void metrics_write(const struct server *server, struct buffer *buffer)
{
    struct scrape scrape = read_all(server);

    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const struct family *family = &families[i];

        buffer_appendf(buffer, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help,
                       family->name, family->type);
        family->write(&scrape, family, buffer);
    }
}
