/* SPDX-License-Identifier: Apache-2.0 */

/* Routes of Text Embeddings Inference. Handlers of routes.c; see route.h for the threads they run
 * on. Its /similarity is in similarity.h. */
#ifndef NESTD_SERVER_API_TEI_H
#define NESTD_SERVER_API_TEI_H

#include "server/exchange/route.h"
#include "server/exchange/route_family.h"

struct fields;
struct request;

extern const struct route_family tei_family; /* {"error","error_type"} */

/* Counts the characters of a request's texts, for the headers of its reply. */
void tei_count_characters(struct request *request, const struct fields *fields);

enum route_outcome tei_embed_start(struct request *request); /* POST /embed */
void tei_embed_finish(struct request *request);
enum route_outcome tei_embed_all_start(struct request *request); /* POST /embed_all */
void tei_embed_all_finish(struct request *request);
enum route_outcome tei_tokenize(struct request *request); /* POST /tokenize */
enum route_outcome tei_decode(struct request *request);   /* POST /decode */
enum route_outcome tei_info(struct request *request);     /* GET /info */
enum route_outcome tei_health(struct request *request);   /* GET /health */

#endif
