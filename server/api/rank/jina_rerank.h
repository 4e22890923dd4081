/* SPDX-License-Identifier: Apache-2.0 */

/* POST /v1/rerank: Jina's, which vLLM and Cohere's version 1 share. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_RANK_JINA_RERANK_H
#define NESTD_SERVER_API_RANK_JINA_RERANK_H

#include "server/exchange/route.h"

#include <stdbool.h>

struct body_object;
struct decoding;
struct request;

bool jina_rerank_read(struct decoding *decoding, const struct body_object *root);
enum route_outcome jina_rerank_start(struct request *request);
void jina_rerank_finish(struct request *request);

#endif
