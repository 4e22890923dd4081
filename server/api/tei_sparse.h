/* SPDX-License-Identifier: Apache-2.0 */

/* POST /embed_sparse of Text Embeddings Inference; / and /invocations where the model's vectors are
 * sparse. Handlers of routes.c; see route.h for the threads they run on. */
#ifndef NESTD_SERVER_API_TEI_SPARSE_H
#define NESTD_SERVER_API_TEI_SPARSE_H

#include "server/exchange/route.h"

struct body_object;
struct decoding;
struct request;

bool tei_read_embed_sparse(struct decoding *decoding, const struct body_object *root);
enum route_outcome tei_embed_sparse_start(struct request *request);
void tei_embed_sparse_finish(struct request *request);

#endif
