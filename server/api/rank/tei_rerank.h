/* SPDX-License-Identifier: Apache-2.0 */

/* POST /rerank, as Text Embeddings Inference has it where it gets "texts", and as Jina and vLLM have
 * it where it gets "documents". Handlers of routes.c. */
#ifndef NESTD_SERVER_API_RANK_TEI_RERANK_H
#define NESTD_SERVER_API_RANK_TEI_RERANK_H

#include "server/exchange/route.h"

#include <stdbool.h>

struct body_object;
struct decoding;
struct request;

bool tei_rerank_read(struct decoding *decoding, const struct body_object *root);
enum route_outcome tei_rerank_start(struct request *request);
void tei_rerank_finish(struct request *request);

#endif
