/* SPDX-License-Identifier: Apache-2.0 */

/* A ring of spans that requests put in and one thread takes out, some hundred at a time, to post
 * them. A collector that is slow or gone costs a full ring and no more: what does not fit, or could
 * not be sent, is dropped, counted, and told in the log once a minute at most. Nothing is sent
 * twice, so no collector is pressed harder when it is already behind.
 *
 * mutex guards the ring, is_stopping and n_dropped; `batch` and `transfer` are the thread's own. */
#include "server/trace/spans.h"

#include "config/options.h"
#include "server/exchange/request.h"
#include "server/exchange/route.h"
#include "server/http/client/transfer.h"
#include "server/text/log.h"
#include "server/trace/span.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_QUEUED = 4096,
    MAX_BATCH = 512, /* wakes the thread, too */
    GATHERING_S = 1, /* how long a span waits for others */
    CONNECT_TIMEOUT_S = 3,
    SEND_TIMEOUT_S = 10,
    LAST_SENDING_US = 1000000,
    WARNING_PAUSE_US = 60 * 1000000,
};

struct spans {
    char url[1024];
    const char *service_name;
    struct transfer *transfer;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    struct span queued[MAX_QUEUED]; /* [first, first + n), around its end */
    size_t first;
    size_t n;
    size_t n_dropped; /* since the last warning */
    bool is_stopping;
    _Atomic int64_t give_up_us; /* when sending ends; 0: not yet known */
    struct span batch[MAX_BATCH];
    int64_t warned_us;
};

enum status spans_check(const struct options *options, struct error *error)
{
    const char *endpoint = options->otlp_endpoint;

    if (!endpoint || transfer_is_address(endpoint))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "--otlp-endpoint=%.200s: expected an address such as http://collector:4318",
                     endpoint);
}

/* As OpenTelemetry's own exporters do, the path is added unless it is there. */
static bool write_url(struct spans *spans, const char *endpoint)
{
    static const char path[] = "/v1/traces";
    size_t len = strlen(endpoint);
    bool has_path;
    int written;

    while (len > 0 && endpoint[len - 1] == '/')
        len--;
    has_path =
        len >= strlen(path) && memcmp(endpoint + len - strlen(path), path, strlen(path)) == 0;
    written =
        snprintf(spans->url, sizeof spans->url, "%.*s%s", (int)len, endpoint, has_path ? "" : path);
    return written > 0 && (size_t)written < sizeof spans->url;
}

/* ---- the thread ---- */

/* Waits for a batch, or for some spans that are a while old; 0: there are no more, ever. */
static size_t take_batch(struct spans *spans)
{
    struct timespec until;
    size_t n_batch;

    pthread_mutex_lock(&spans->mutex);
    while (spans->n == 0 && !spans->is_stopping)
        pthread_cond_wait(&spans->woken, &spans->mutex);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += GATHERING_S;
    while (spans->n < MAX_BATCH && !spans->is_stopping) {
        if (pthread_cond_timedwait(&spans->woken, &spans->mutex, &until))
            break;
    }
    n_batch = spans->n < MAX_BATCH ? spans->n : MAX_BATCH;
    for (size_t i = 0; i < n_batch; i++)
        spans->batch[i] = spans->queued[(spans->first + i) % MAX_QUEUED];
    spans->first = (spans->first + n_batch) % MAX_QUEUED;
    spans->n -= n_batch;
    pthread_mutex_unlock(&spans->mutex);
    return n_batch;
}

static bool is_late(void *user)
{
    const int64_t give_up_us = atomic_load(&((struct spans *)user)->give_up_us);

    return give_up_us && clock_now_us() >= give_up_us;
}

static bool ignore_body(void *user, const char *bytes, size_t len_bytes)
{
    (void)user;
    (void)bytes;
    (void)len_bytes;
    return true;
}

static void warn(struct spans *spans, const char *problem)
{
    const int64_t now_us = clock_now_us();
    size_t n_dropped;

    if (spans->warned_us && now_us - spans->warned_us < WARNING_PAUSE_US)
        return;
    spans->warned_us = now_us;
    pthread_mutex_lock(&spans->mutex);
    n_dropped = spans->n_dropped;
    spans->n_dropped = 0;
    pthread_mutex_unlock(&spans->mutex);
    log_write(LOG_WARNING,
              "%zu spans were dropped: %s (--otlp-endpoint takes OTLP over HTTP, on most "
              "collectors at port 4318, not gRPC)",
              n_dropped, problem);
}

static void drop(struct spans *spans, size_t n_spans)
{
    pthread_mutex_lock(&spans->mutex);
    spans->n_dropped += n_spans;
    pthread_mutex_unlock(&spans->mutex);
}

/* What was dropped for want of room is told too, though this batch arrived. */
static bool has_dropped(struct spans *spans)
{
    bool dropped;

    pthread_mutex_lock(&spans->mutex);
    dropped = spans->n_dropped > 0;
    pthread_mutex_unlock(&spans->mutex);
    return dropped;
}

static void send_batch(struct spans *spans, size_t n_spans)
{
    struct buffer body = {0};
    struct transfer_reply reply = {.end = TRANSFER_NO_MEMORY, .problem = "memory is short"};
    bool arrived;

    span_write_all(&body, spans->service_name, spans->batch, n_spans);
    if (!buffer_failed(&body))
        reply = transfer_run(spans->transfer, &(struct transfer_request){
                                                  .url = spans->url,
                                                  .body = {body.bytes, body.len_bytes},
                                                  .connect_timeout_s = CONNECT_TIMEOUT_S,
                                                  .timeout_s = SEND_TIMEOUT_S,
                                                  .is_stopped = is_late,
                                                  .take_body = ignore_body,
                                                  .user = spans,
                                              });
    buffer_release(&body);
    arrived = reply.end == TRANSFER_ANSWERED && reply.http_status >= 200 && reply.http_status < 300;
    if (!arrived)
        drop(spans, n_spans);
    if (arrived && has_dropped(spans))
        warn(spans, "the collector is too slow");
    else if (!arrived && reply.end == TRANSFER_ANSWERED)
        warn(spans, "the collector refuses them");
    else if (!arrived)
        warn(spans, reply.problem[0] ? reply.problem : "the collector did not answer");
}

static void *run(void *argument)
{
    struct spans *spans = argument;
    size_t n_spans;

    while ((n_spans = take_batch(spans)) > 0 && !is_late(spans))
        send_batch(spans, n_spans);
    return NULL;
}

/* ---- for the server ---- */

static void release(struct spans *spans)
{
    transfer_free(spans->transfer);
    pthread_cond_destroy(&spans->woken);
    pthread_mutex_destroy(&spans->mutex);
    free(spans);
}

enum status spans_new(struct spans **ret_spans, const struct options *options, struct error *error)
{
    pthread_condattr_t attributes;
    struct spans *spans;

    *ret_spans = NULL;
    if (!options->otlp_endpoint)
        return STATUS_OK;
    spans = calloc(1, sizeof *spans);
    if (!spans)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for spans");
    spans->service_name = options->otlp_service_name;
    pthread_mutex_init(&spans->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&spans->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    spans->transfer = transfer_new();
    if (!write_url(spans, options->otlp_endpoint) || !spans->transfer ||
        pthread_create(&spans->thread, NULL, run, spans)) {
        release(spans);
        return error_set(error, STATUS_NO_MEMORY, "cannot start the thread that sends spans");
    }
    log_write(LOG_INFO, "a span of each request is sent to the collector of --otlp-endpoint");
    *ret_spans = spans;
    return STATUS_OK;
}

void spans_add(struct spans *spans, const struct request *request)
{
    struct span span;

    if (!spans || (request->route && request->route->is_probe) ||
        (request->trace.trace_id[0] && !request->trace.is_sampled))
        return;
    span_init(&span, request);
    pthread_mutex_lock(&spans->mutex);
    if (spans->n == MAX_QUEUED) {
        spans->n_dropped++;
    } else {
        spans->queued[(spans->first + spans->n) % MAX_QUEUED] = span;
        spans->n++;
    }
    if (spans->n == 1 || spans->n == MAX_BATCH)
        pthread_cond_signal(&spans->woken);
    pthread_mutex_unlock(&spans->mutex);
}

void spans_free(struct spans *spans)
{
    if (!spans)
        return;
    atomic_store(&spans->give_up_us, clock_now_us() + LAST_SENDING_US);
    pthread_mutex_lock(&spans->mutex);
    spans->is_stopping = true;
    pthread_cond_signal(&spans->woken);
    pthread_mutex_unlock(&spans->mutex);
    pthread_join(spans->thread, NULL);
    release(spans);
}
