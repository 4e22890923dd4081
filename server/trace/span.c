/* SPDX-License-Identifier: Apache-2.0 */

#include "server/trace/span.h"

#include "server/exchange/request.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    KIND_SERVER = 2,
    STATUS_CODE_ERROR = 2,
    TRACE_ID_BYTES = 16,
    SPAN_ID_BYTES = 8,
};

static void write_hex(char *to, const unsigned char *bytes, size_t n_bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n_bytes; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = '\0';
}

/* IDs of all zeros are invalid. */
static void choose_ids(struct span *span)
{
    unsigned char bytes[TRACE_ID_BYTES + SPAN_ID_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        memset(bytes, 0, sizeof bytes);
    bytes[0] |= 1;
    bytes[TRACE_ID_BYTES] |= 1;
    write_hex(span->trace_id, bytes, TRACE_ID_BYTES);
    write_hex(span->id, bytes + TRACE_ID_BYTES, SPAN_ID_BYTES);
}

static const char *find_method(const struct request *request)
{
    const bool is_known = request->method && strcmp(request->method, "other") != 0;

    return is_known ? request->method : NULL;
}

void span_init(struct span *span, const struct request *request)
{
    const int64_t duration_us = clock_now_us() - request->began_us;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    *span = (struct span){
        .method = find_method(request),
        .route = request->route ? request->route->path : NULL,
        .model = request->n_texts > 0 ? served_model_name(request->model) : NULL,
        .http_status = request->reply.http_status,
        .ended_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
        .tokenize_us = request->tokenize_us,
        .queue_us = request->group.queue_us,
        .encode_us = request->group.encode_us,
        .n_texts = request->n_texts,
        .n_tokens = request->n_tokens,
        .n_truncated = request->n_truncated,
    };
    span->began_ns = span->ended_ns - (uint64_t)duration_us * 1000;
    choose_ids(span);
    if (!request->trace.trace_id[0])
        return;
    memcpy(span->trace_id, request->trace.trace_id, sizeof span->trace_id);
    memcpy(span->parent_id, request->trace.parent_id, sizeof span->parent_id);
}

/* ---- writing ---- */

static void write_text(struct buffer *buffer, const char *before, const char *key, const char *text)
{
    buffer_appendf(buffer, "%s{\"key\":\"%s\",\"value\":{\"stringValue\":", before, key);
    buffer_append_json_string(buffer, text, strlen(text));
    buffer_append_string(buffer, "}}");
}

/* 64 bits are a string in OTLP's JSON. */
static void write_number(struct buffer *buffer, const char *key, uint64_t number)
{
    buffer_appendf(buffer, ",{\"key\":\"%s\",\"value\":{\"intValue\":\"%" PRIu64 "\"}}", key,
                   number);
}

static void write_ms(struct buffer *buffer, const char *key, int64_t duration_us)
{
    buffer_appendf(buffer, ",{\"key\":\"%s\",\"value\":{\"doubleValue\":%" PRId64 ".%03d}}", key,
                   duration_us / 1000, (int)(duration_us % 1000));
}

static void write_attributes(struct buffer *buffer, const struct span *span)
{
    buffer_append_string(buffer, ",\"attributes\":[");
    write_text(buffer, "", "http.request.method", span->method ? span->method : "_OTHER");
    if (span->route)
        write_text(buffer, ",", "http.route", span->route);
    if (span->model)
        write_text(buffer, ",", "gen_ai.response.model", span->model);
    write_number(buffer, "http.response.status_code", span->http_status);
    write_number(buffer, "nestd.texts", span->n_texts);
    write_number(buffer, "nestd.tokens", span->n_tokens);
    write_number(buffer, "nestd.truncated", span->n_truncated);
    write_ms(buffer, "nestd.tokenize_ms", span->tokenize_us);
    write_ms(buffer, "nestd.queue_ms", span->queue_us);
    write_ms(buffer, "nestd.encode_ms", span->encode_us);
    buffer_append_string(buffer, "]");
}

/* An unknown method is called HTTP here, and a path of nobody's is left out, since each would make a
 * name of its own. */
static void write_name(struct buffer *buffer, const struct span *span)
{
    buffer_appendf(buffer, ",\"name\":\"%s", span->method ? span->method : "HTTP");
    if (span->route)
        buffer_appendf(buffer, " %s", span->route);
    buffer_append_string(buffer, "\"");
}

static void write_span(struct buffer *buffer, const struct span *span)
{
    buffer_appendf(buffer, "{\"traceId\":\"%s\",\"spanId\":\"%s\"", span->trace_id, span->id);
    if (span->parent_id[0])
        buffer_appendf(buffer, ",\"parentSpanId\":\"%s\"", span->parent_id);
    write_name(buffer, span);
    buffer_appendf(buffer,
                   ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRIu64
                   "\",\"endTimeUnixNano\":\"%" PRIu64 "\"",
                   KIND_SERVER, span->began_ns, span->ended_ns);
    write_attributes(buffer, span);
    if (span->http_status >= 500)
        buffer_appendf(buffer, ",\"status\":{\"code\":%d}", STATUS_CODE_ERROR);
    buffer_append_string(buffer, "}");
}

void span_write_all(struct buffer *buffer, const char *service_name, const struct span *spans,
                    size_t n_spans)
{
    buffer_append_string(buffer, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[");
    write_text(buffer, "", "service.name", service_name);
    write_text(buffer, ",", "service.version", NESTD_VERSION);
    buffer_append_string(buffer, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"nestd\"},\"spans\":[");
    for (size_t i = 0; i < n_spans; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_span(buffer, &spans[i]);
    }
    buffer_append_string(buffer, "]}]}]}");
}
