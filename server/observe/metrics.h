/* SPDX-License-Identifier: Apache-2.0 */

/* Counters and histograms in Prometheus' text format; every series is there, at zero, from the
 * start. Counting is lock-free and may be done on any thread. */
#ifndef NESTD_SERVER_OBSERVE_METRICS_H
#define NESTD_SERVER_OBSERVE_METRICS_H

#include "engine/engine.h"
#include "server/text/buffer.h"

#include <stddef.h>
#include <stdint.h>

struct metrics;
struct request;
struct routes;
struct server;

/* Of these routes, which must outlive it. */
MUST_CHECK enum status metrics_new(struct metrics **ret_metrics, const struct routes *routes);
void metrics_free(struct metrics *metrics); /* NULL is allowed */

/* A request has ended, answered or not: route, status, problem, texts, tokens, times. */
void metrics_count_request(struct metrics *metrics, const struct request *request);

/* A worker finished a pass. */
void metrics_count_pass(struct metrics *metrics, size_t n_texts, size_t n_tokens);

/* Writes everything, with what the engine and the process say of themselves now. (metrics_write.c)
 */
void metrics_write(const struct server *server, struct buffer *buffer);

#endif
