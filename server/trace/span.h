/* SPDX-License-Identifier: Apache-2.0 */

/* What a span tells of a request, and how it is written. No text, key or path of a client is in
 * it. */
#ifndef NESTD_SERVER_TRACE_SPAN_H
#define NESTD_SERVER_TRACE_SPAN_H

#include "server/text/buffer.h"

#include <stddef.h>
#include <stdint.h>

struct request;

struct span {
    char trace_id[33];
    char parent_id[17]; /* the caller's span; "": there is none */
    char id[17];
    const char *method; /* "POST"; static; NULL: none that we know */
    const char *route;  /* its path in the table of routes; static; NULL: there is none */
    const char *model;  /* that encoded its texts; the server's; NULL: there were none */
    unsigned http_status;
    uint64_t began_ns; /* Unix time */
    uint64_t ended_ns;
    int64_t tokenize_us;
    int64_t queue_us;
    int64_t encode_us;
    size_t n_texts;
    size_t n_tokens;
    size_t n_truncated;
};

/* The request ends now. */
void span_init(struct span *span, const struct request *request);

/* The body of an export: an ExportTraceServiceRequest. */
void span_write_all(struct buffer *buffer, const char *service_name, const struct span *spans,
                    size_t n_spans);

#endif
