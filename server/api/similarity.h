/* SPDX-License-Identifier: Apache-2.0 */

/* Scores of texts against texts. Handlers of routes.c; see route.h for the threads they run on. */
#ifndef NESTD_SERVER_API_SIMILARITY_H
#define NESTD_SERVER_API_SIMILARITY_H

struct request;

/* POST /v1/similarity */
void similarity_start(struct request *request);
void similarity_finish(struct request *request);

/* POST /similarity, as Text Embeddings Inference has it */
void tei_similarity_start(struct request *request);
void tei_similarity_finish(struct request *request);

/* POST /rerank, /v1/rerank, /v2/rerank: refuses */
void rerank_start(struct request *request);

#endif
