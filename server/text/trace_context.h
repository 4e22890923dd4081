/* SPDX-License-Identifier: Apache-2.0 */

/* The trace that a request belongs to: the header traceparent of W3C's Trace Context
 * (https://www.w3.org/TR/trace-context/). It goes into the log and, with --otlp-endpoint, into the
 * request's span. */
#ifndef NESTD_SERVER_TEXT_TRACE_CONTEXT_H
#define NESTD_SERVER_TEXT_TRACE_CONTEXT_H

#include <stdbool.h>

/* Zeroed: no trace. */
struct trace_context {
    char trace_id[33];
    char parent_id[17]; /* the caller's span */
    bool is_sampled;    /* the caller records it */
};

/* False if the header (NULL: absent) is malformed; *ret_context is then unchanged. Of a later
 * version, the part that version 00 defines is read, as the recommendation says. */
bool trace_context_parse(const char *header, struct trace_context *ret_context);

#endif
