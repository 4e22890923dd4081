/* SPDX-License-Identifier: Apache-2.0 */
#include "server/observe/access_log.h"

#include "server/exchange/request.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"
#include "server/text/log.h"

#include <stddef.h>

/* 503 is not an error here: the server's state has log lines of its own. */
static enum log_level level_of(const struct request *request)
{
    if (request->reply.http_status == 500)
        return LOG_ERROR;
    return request->route && request->route->is_probe ? LOG_DEBUG : LOG_INFO;
}

void access_log_write(const struct request *request)
{
    const struct job_group *group = &request->group;
    enum log_level level = level_of(request);
    int64_t now_us = clock_now_us();
    int64_t received_us = request->gathered_us ? request->gathered_us : now_us;
    struct log_line line;

    if (!log_wants(level))
        return;
    log_begin(&line, level, "request");
    log_line_add_string(&line, "request_id", request->id[0] ? request->id : NULL);
    log_line_add_string(&line, "method", request->method);
    log_line_add_string(&line, "route", request->route ? request->route->path : "other");
    if (request->server->n_models > 1 && request->n_texts > 0)
        log_line_add_string(&line, "model", served_model_name(request->model));
    log_line_add_number(&line, "status", request->reply.http_status);
    log_line_add_number(&line, "texts", request->n_texts);
    log_line_add_number(&line, "tokens", request->n_tokens);
    log_line_add_number(&line, "truncated", request->n_truncated);
    log_line_add_number(&line, "bytes_in", request->n_body_bytes);
    log_line_add_number(&line, "bytes_out", request->n_reply_bytes);
    log_line_add_ms(&line, "receive_ms", received_us - request->began_us);
    log_line_add_ms(&line, "tokenize_ms", request->tokenize_us);
    log_line_add_ms(&line, "queue_ms", group->queue_us);
    log_line_add_ms(&line, "encode_ms", group->encode_us);
    log_line_add_ms(&line, "write_ms", request->write_us);
    log_line_add_ms(&line, "total_ms", now_us - request->began_us);
    if (request->trace.trace_id[0]) {
        log_line_add_string(&line, "trace_id", request->trace.trace_id);
        log_line_add_string(&line, "span_id", request->trace.parent_id);
    }
    log_end(&line);
}
