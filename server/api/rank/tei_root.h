/* SPDX-License-Identifier: Apache-2.0 */

/* POST / and /invocations: what the model is for, /embed, /rerank or /predict, as in Text Embeddings
 * Inference. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_RANK_TEI_ROOT_H
#define NESTD_SERVER_API_RANK_TEI_ROOT_H

#include "server/exchange/route.h"

struct request;

enum route_outcome tei_root_start(struct request *request);
void tei_root_finish(struct request *request);

#endif
