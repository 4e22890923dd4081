/* SPDX-License-Identifier: Apache-2.0 */

/* A counter for each route and status, a counter for each problem, and a few totals and histograms.
 * Statuses and routes are known beforehand, so all counters are elements of arrays and exist from
 * the start.
 *
 * Unknown paths are counted together, or every stray request would add a series. */

#include "server/observe/metrics.h"

#include "server/exchange/request.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"
#include "server/observe/metrics_private.h"

#include <stdlib.h>

const unsigned metrics_statuses[METRICS_N_STATUSES] = {200, 204, 400, 401, 404, 405, 408, 413, 415,
                                                       422, 424, 429, 431, 499, 500, 501, 503};

static const int64_t duration_bounds_us[] = {
    100,    250,    500,    1000,    2500,    5000,    10000,    25000,    50000,
    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
};
static const int64_t text_token_bounds[] = {4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 8192};
static const int64_t pass_text_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
static const int64_t pass_token_bounds[] = {16, 32, 64, 128, 256, 512, 1024, 4096, 16384};

#define HISTOGRAM(bounds_, unit_)                                                                  \
    {                                                                                              \
        .bounds = (bounds_), .n_bounds = sizeof(bounds_) / sizeof *(bounds_), .unit = (unit_)      \
    }

enum status metrics_new(struct metrics **ret_metrics, const struct routes *routes, size_t n_models)
{
    struct metrics *metrics = malloc(sizeof *metrics);

    if (!metrics)
        return STATUS_NO_MEMORY;
    *metrics = (struct metrics){
        .routes = routes,
        .n_models = n_models,
        .request_us = HISTOGRAM(duration_bounds_us, 1000000),
    };
    metrics_tei_init(&metrics->tei, &metrics->request_us);
    metrics->requests = calloc(routes->n + 1, sizeof *metrics->requests);
    metrics->models = calloc(n_models, sizeof *metrics->models);
    if (!metrics->requests || !metrics->models) {
        metrics_free(metrics);
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < n_models; i++)
        metrics->models[i] = (struct model_metrics){
            .tokenize_us = HISTOGRAM(duration_bounds_us, 1000000),
            .queue_us = HISTOGRAM(duration_bounds_us, 1000000),
            .encode_us = HISTOGRAM(duration_bounds_us, 1000000),
            .text_tokens = HISTOGRAM(text_token_bounds, 1),
            .pass_texts = HISTOGRAM(pass_text_bounds, 1),
            .pass_tokens = HISTOGRAM(pass_token_bounds, 1),
        };
    *ret_metrics = metrics;
    return STATUS_OK;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    free(metrics->requests);
    free(metrics->models);
    free(metrics);
}

struct model_metrics *metrics_of_model(struct metrics *metrics, size_t i)
{
    return &metrics->models[i];
}

static void count(atomic_uint_least64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static size_t status_index(unsigned http_status)
{
    size_t i = 0;

    while (i < METRICS_N_STATUSES - 1 && metrics_statuses[i] != http_status)
        i++;
    return i;
}

/* Counts what a request had encoded or tokenized. */
static void count_work(struct model_metrics *metrics, const struct request *request)
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
    size_t i = routes_find_first(metrics->routes, request->route);
    const bool is_preflight = reply->http_status == 204; /* a browser's, before the request */

    count(&metrics->requests[i][status_index(reply->http_status)], 1);
    if (request->route && request->route->method == METHOD_POST && !is_preflight)
        histogram_observe(&metrics->request_us, clock_now_us() - request->began_us);
    if (reply->http_status == 200 && request->n_texts > 0)
        count_work(&metrics->models[request->model - request->server->models], request);
    if (request->route && request->route->finish && !is_preflight)
        metrics_tei_count(&metrics->tei, request);
    /* 499 has no problem: the client was gone before it could be refused. */
    if (reply->http_status >= 400 && reply->content_type)
        count(&metrics->rejected[reply->problem], 1);
}

void metrics_count_pass(struct model_metrics *metrics, size_t n_texts, size_t n_tokens)
{
    histogram_observe(&metrics->pass_texts, (int64_t)n_texts);
    histogram_observe(&metrics->pass_tokens, (int64_t)n_tokens);
}
