/* SPDX-License-Identifier: Apache-2.0 */

/* A counter per route and status, a counter per problem, and a few totals and histograms. Statuses
 * and routes are known beforehand, so a counter is an element of an array and is there from the
 * start.
 *
 * Paths that no route has count together, or every stray request would add a series. */

#include "server/metrics.h"

#include "server/histogram.h"
#include "server/log.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/server.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* All that errors.def and http can give, and a last for what they cannot. */
static const unsigned statuses[] = {200, 204, 400, 401, 404, 405, 408,
                                    413, 415, 429, 499, 500, 503, 0};
enum { N_STATUSES = sizeof statuses / sizeof *statuses };

static const char *const problem_names[N_PROBLEMS] = {
#define PROBLEM(name, http_status, type, code, tei_type) [PROBLEM_##name] = #name,
#include "server/errors.def"
#undef PROBLEM
};

static const int64_t duration_bounds_us[] = {
    100,    250,    500,    1000,    2500,    5000,    10000,    25000,    50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
};
static const int64_t text_token_bounds[] = {4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 8192};
static const int64_t pass_text_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
static const int64_t pass_token_bounds[] = {16, 32, 64, 128, 256, 512, 1024, 4096, 16384};

#define HISTOGRAM(bounds_, unit_)                                                                  \
    {.bounds = (bounds_), .n_bounds = sizeof(bounds_) / sizeof *(bounds_), .unit = (unit_)}

struct metrics {
    atomic_uint_least64_t (*requests)[N_STATUSES]; /* [n_routes + 1]; the last is of no route */
    atomic_uint_least64_t rejected[N_PROBLEMS];
    atomic_uint_least64_t n_texts;
    atomic_uint_least64_t n_tokens;
    atomic_uint_least64_t n_truncated;
    struct histogram request_us;
    struct histogram tokenize_us;
    struct histogram queue_us;
    struct histogram encode_us;
    struct histogram text_tokens;
    struct histogram pass_texts;
    struct histogram pass_tokens;
};

enum status metrics_new(struct metrics **ret_metrics)
{
    struct metrics *metrics = malloc(sizeof *metrics);

    if (!metrics)
        return STATUS_NO_MEMORY;
    *metrics = (struct metrics){
        .request_us = HISTOGRAM(duration_bounds_us, 1000000),
        .tokenize_us = HISTOGRAM(duration_bounds_us, 1000000),
        .queue_us = HISTOGRAM(duration_bounds_us, 1000000),
        .encode_us = HISTOGRAM(duration_bounds_us, 1000000),
        .text_tokens = HISTOGRAM(text_token_bounds, 1),
        .pass_texts = HISTOGRAM(pass_text_bounds, 1),
        .pass_tokens = HISTOGRAM(pass_token_bounds, 1),
    };
    metrics->requests = calloc(n_routes + 1, sizeof *metrics->requests);
    if (!metrics->requests) {
        metrics_free(metrics);
        return STATUS_NO_MEMORY;
    }
    *ret_metrics = metrics;
    return STATUS_OK;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    free(metrics->requests);
    free(metrics);
}

static void count(atomic_uint_least64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static uint64_t read_counter(atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static size_t status_index(unsigned http_status)
{
    size_t i = 0;

    while (i < N_STATUSES - 1 && statuses[i] != http_status)
        i++;
    return i;
}

/* What a request that went through the engine tells. */
static void count_work(struct metrics *metrics, const struct request *request)
{
    const struct job_group *group = &request->group;

    count(&metrics->n_texts, request->n_texts);
    count(&metrics->n_tokens, request->n_tokens);
    count(&metrics->n_truncated, request->n_truncated);
    histogram_observe(&metrics->tokenize_us, request->tokenize_us);
    if (!request->submitted)
        return;
    histogram_observe(&metrics->queue_us, group->queue_us);
    histogram_observe(&metrics->encode_us, group->encode_us);
    for (size_t i = 0; i < group->n_jobs; i++)
        histogram_observe(&metrics->text_tokens, (int64_t)group->jobs[i].n_tokens);
}

void metrics_count_request(struct metrics *metrics, const struct request *request)
{
    const struct reply *reply = &request->reply;
    size_t route = request->route ? (size_t)(request->route - routes) : n_routes;

    count(&metrics->requests[route][status_index(reply->http_status)], 1);
    if (request->route && request->route->method == METHOD_POST)
        histogram_observe(&metrics->request_us, clock_now_us() - request->began_us);
    if (reply->http_status == 200 && request->n_texts > 0)
        count_work(metrics, request);
    /* 499 has no problem: nobody was there to be refused. */
    if (reply->http_status >= 400 && reply->content_type)
        count(&metrics->rejected[reply->problem], 1);
}

void metrics_count_pass(struct metrics *metrics, size_t n_texts, size_t n_tokens)
{
    histogram_observe(&metrics->pass_texts, (int64_t)n_texts);
    histogram_observe(&metrics->pass_tokens, (int64_t)n_tokens);
}

static void write_head(struct text *text, const char *name, const char *type, const char *help)
{
    text_appendf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_value(struct text *text, const char *name, const char *type, const char *help,
                        uint64_t value)
{
    write_head(text, name, type, help);
    text_appendf(text, "%s %" PRIu64 "\n", name, value);
}

/* A label's value, escaped as the format wants it. */
static void append_label(struct text *text, const char *name, const char *value)
{
    text_appendf(text, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n') {
            text_append_string(text, "\\n");
            continue;
        }
        if (*value == '"' || *value == '\\')
            text_append_string(text, "\\");
        text_append(text, value, 1);
    }
    text_append_string(text, "\"");
}

/* Whether a route is expected to answer so: then its counter is shown even at zero. */
static bool is_expected(size_t route, unsigned http_status)
{
    if (route == n_routes)
        return http_status == 404;
    if (routes[route].method == METHOD_POST)
        return http_status != 0 && http_status != 204 && http_status != 405;
    return http_status == 200 || (http_status == 401 && routes[route].needs_key) ||
           (http_status == 503 && routes[route].needs_model);
}

static void write_requests(struct metrics *metrics, struct text *text)
{
    const char *name = "nestd_requests_total";

    write_head(text, name, "counter", "Requests that have ended, by route and HTTP status.");
    for (size_t route = 0; route <= n_routes; route++) {
        for (size_t i = 0; i < N_STATUSES; i++) {
            uint64_t n = read_counter(&metrics->requests[route][i]);

            if (n == 0 && !is_expected(route, statuses[i]))
                continue;
            text_appendf(text, "%s{", name);
            append_label(text, "route", route < n_routes ? routes[route].path : "other");
            text_appendf(text, ",status=\"%u\"} %" PRIu64 "\n", statuses[i], n);
        }
    }
}

static void write_rejected(struct metrics *metrics, struct text *text)
{
    const char *name = "nestd_requests_rejected_total";

    write_head(text, name, "counter", "Requests answered with an error, by reason.");
    for (size_t i = 0; i < N_PROBLEMS; i++) {
        text_appendf(text, "%s{reason=\"", name);
        for (const char *c = problem_names[i]; *c; c++) {
            char lower = (char)tolower((unsigned char)*c);

            text_append(text, &lower, 1);
        }
        text_appendf(text, "\"} %" PRIu64 "\n", read_counter(&metrics->rejected[i]));
    }
}

static void write_histogram(struct text *text, struct histogram *histogram, const char *name,
                            const char *help)
{
    write_head(text, name, "histogram", help);
    histogram_write(histogram, name, text);
}

static void write_histograms(struct metrics *metrics, struct text *text)
{
    write_histogram(text, &metrics->request_us, "nestd_request_duration_seconds",
                    "Inference requests, from their first line to the end of their reply.");
    write_histogram(text, &metrics->tokenize_us, "nestd_tokenize_duration_seconds",
                    "Decoding and tokenizing, per answered request.");
    write_histogram(text, &metrics->queue_us, "nestd_queue_duration_seconds",
                    "While none of its texts was encoded but some waited, per answered request.");
    write_histogram(text, &metrics->encode_us, "nestd_encode_duration_seconds",
                    "While at least one of its texts was encoded, per answered request.");
    write_histogram(text, &metrics->text_tokens, "nestd_text_tokens", "Tokens per encoded text.");
    write_histogram(text, &metrics->pass_texts, "nestd_pass_texts",
                    "Texts per pass of a worker through the model.");
    write_histogram(text, &metrics->pass_tokens, "nestd_pass_tokens",
                    "Tokens per pass of a worker through the model.");
}

/* While the model is loading the engine's values are zero. */
static void write_engine(struct text *text, const struct server *server, struct engine *engine)
{
    struct engine_stats stats = {0};
    size_t n_workers = 0;

    if (engine) {
        engine_get_stats(engine, &stats);
        n_workers = engine_get_info(engine)->n_workers;
    }
    write_value(text, "nestd_queue_texts", "gauge", "Texts that wait for a worker.",
                stats.queued_texts);
    write_value(text, "nestd_queue_tokens", "gauge", "Tokens of the texts that wait for a worker.",
                stats.queued_tokens);
    write_value(text, "nestd_duplicate_texts_total", "counter",
                "Texts that were not encoded because the same text was being encoded.",
                stats.followed_texts);
    write_value(text, "nestd_cache_hits_total", "counter",
                "Texts that were not encoded because their vector was still there.",
                stats.cache_hits);
    write_value(text, "nestd_cache_misses_total", "counter",
                "Texts that were looked for among finished vectors and not found.",
                stats.cache_misses);
    write_value(text, "nestd_cache_bytes", "gauge", "Finished vectors that are kept.",
                stats.cache_used_bytes);
    write_value(text, "nestd_workers", "gauge", "Threads that encode.", n_workers);
    write_value(text, "nestd_workers_busy", "gauge", "Threads that are encoding.",
                stats.busy_workers);
    write_value(text, "nestd_model_ready", "gauge", "1 once the model is loaded.", engine != NULL);
    write_head(text, "nestd_build_info", "gauge", "The version of the program.");
    text_append_string(text, "nestd_build_info{version=\"" NESTD_VERSION "\"} 1\n");
    write_head(text, "nestd_model_info", "gauge", "The model that is loaded.");
    if (!engine)
        return;
    text_append_string(text, "nestd_model_info{");
    append_label(text, "model", server_model_name(server));
    text_append_string(text, ",");
    append_label(text, "dtype", engine_get_info(engine)->dtype);
    text_appendf(text, ",dimensions=\"%zu\",max_tokens=\"%zu\"} 1\n",
                 engine_get_info(engine)->model->n_dims,
                 engine_get_info(engine)->model->most_tokens);
}

/* The second number of /proc/self/statm, in pages (proc(5)). 0 if it cannot be read. */
static uint64_t resident_bytes(void)
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

void metrics_write(const struct server *server, struct text *text)
{
    struct metrics *metrics = server->metrics;

    write_requests(metrics, text);
    write_value(text, "nestd_requests_in_flight", "gauge",
                "Inference requests whose body has arrived and whose reply is not complete.",
                atomic_load(&server->n_requests));
    write_rejected(metrics, text);
    write_value(text, "nestd_texts_total", "counter", "Texts of answered requests.",
                read_counter(&metrics->n_texts));
    write_value(text, "nestd_tokens_total", "counter",
                "Tokens of answered requests, after truncation.", read_counter(&metrics->n_tokens));
    write_value(text, "nestd_truncated_texts_total", "counter",
                "Texts of answered requests that were cut.", read_counter(&metrics->n_truncated));
    write_histograms(metrics, text);
    write_engine(text, server, server->engine);
    write_value(text, "nestd_log_lines_lost_total", "counter",
                "Lines of the log for which stderr had no room.", log_count_lost());
    write_value(text, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
                resident_bytes());
}
