/* SPDX-License-Identifier: Apache-2.0 */

/* POST /v2/rerank, in the shape of Cohere's version 2. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_RANK_COHERE_RERANK_H
#define NESTD_SERVER_API_RANK_COHERE_RERANK_H

#include "server/exchange/route.h"

#include <stdbool.h>

struct body_object;
struct decoding;
struct request;

bool cohere_rerank_read(struct decoding *decoding, const struct body_object *root);
enum route_outcome cohere_rerank_start(struct request *request);
void cohere_rerank_finish(struct request *request);

#endif
