/* SPDX-License-Identifier: Apache-2.0 */

/* Scores of texts against texts. Handlers of routes.c; see route.h for the threads they run on. */
#ifndef NESTD_SERVER_API_SIMILARITY_H
#define NESTD_SERVER_API_SIMILARITY_H

#include "server/exchange/route.h"

struct body_object;
struct decoding;
struct request;

/* POST /v1/similarity */
bool similarity_read(struct decoding *decoding, const struct body_object *root);
enum route_outcome similarity_start(struct request *request);
void similarity_finish(struct request *request);

/* POST /similarity, as Text Embeddings Inference has it */
bool tei_similarity_read(struct decoding *decoding, const struct body_object *root);
enum route_outcome tei_similarity_start(struct request *request);
void tei_similarity_finish(struct request *request);

#endif
