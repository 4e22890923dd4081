/* SPDX-License-Identifier: Apache-2.0 */

/* Counters and histograms in Prometheus' text format. Every series exists from the start, at zero.
 * Counting is lock-free; any thread. */
#ifndef NESTD_SERVER_OBSERVE_METRICS_H
#define NESTD_SERVER_OBSERVE_METRICS_H

#include "engine/engine.h"
#include "server/text/buffer.h"

#include <stddef.h>
#include <stdint.h>

struct metrics;
struct model_metrics;
struct request;
struct routes;
struct server;

/* `routes` must outlive the metrics. */
MUST_CHECK enum status metrics_new(struct metrics **ret_metrics, const struct routes *routes,
                                   size_t n_models);
void metrics_free(struct metrics *metrics); /* NULL is allowed */

/* A request has ended, answered or not: route, status, problem, texts, tokens, times. */
void metrics_count_request(struct metrics *metrics, const struct request *request);

/* A worker finished a pass of the model with these metrics. */
void metrics_count_pass(struct model_metrics *metrics, size_t n_texts, size_t n_tokens);
struct model_metrics *metrics_of_model(struct metrics *metrics, size_t i);

/* Writes all series, with the current state of the engines and the process. Where there are several
 * models, what is of a model has the label "model". (metrics_write.c) */
void metrics_write(const struct server *server, struct buffer *buffer);

/* Those of them that Text Embeddings Inference has, by its names. (metrics_tei.c) */
void metrics_write_tei(const struct server *server, struct buffer *buffer);

#endif
