/* SPDX-License-Identifier: Apache-2.0 */

/* A span of each request, sent to an OpenTelemetry collector by OTLP over HTTP, as JSON
 * (https://opentelemetry.io/docs/specs/otlp/). Off unless --otlp-endpoint names one. */
#ifndef NESTD_SERVER_TRACE_SPANS_H
#define NESTD_SERVER_TRACE_SPANS_H

#include "engine/engine.h"

struct options;
struct request;
struct spans;

/* INVALID if --otlp-endpoint is no address. */
MUST_CHECK enum status spans_check(const struct options *options, struct error *error);

/* Starts the thread that sends. *ret_spans is NULL if no endpoint is configured. The options must
 * outlive it. */
MUST_CHECK enum status spans_new(struct spans **ret_spans, const struct options *options,
                                 struct error *error);

/* The request has ended. Any thread; copies what it needs and never waits: if the collector is so
 * slow that the queue is full, the span is dropped. Nothing is kept of probes, nor of requests whose
 * traceparent says that they are not sampled. NULL spans are allowed. */
void spans_add(struct spans *spans, const struct request *request);

/* Sends what is queued, for at most a second, and ends the thread. NULL is allowed. */
void spans_free(struct spans *spans);

#endif
