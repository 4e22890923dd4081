/* SPDX-License-Identifier: Apache-2.0 */

/* Routes of Text Embeddings Inference. Handlers of routes.c; see route.h for the threads they run
 * on. The others are in tei_sparse.h, tei_tokens.h, tei_info.h and
 * similarity.h. */
#ifndef NESTD_SERVER_API_TEI_H
#define NESTD_SERVER_API_TEI_H

#include "server/exchange/route.h"
#include "server/exchange/route_family.h"

struct body_object;
struct decoding;
struct fields;
struct request;

extern const struct route_family tei_family; /* {"error","error_type"} */

/* Counts the characters of a request's texts, for the headers of its reply. */
void tei_count_characters(struct request *request, const struct fields *fields);

/* Reads "truncation_direction", TEI's word for which end of a text goes. */
bool tei_decode_truncation_direction(struct decoding *decoding, const struct body_object *object);

/* Reads what all routes that embed have: inputs, truncation, a prompt. */
bool tei_read_inputs(struct decoding *decoding, const struct body_object *root);

/* POST /embed; / and /invocations where the model embeds */
bool tei_read_embed(struct decoding *decoding, const struct body_object *root);
enum route_outcome tei_embed_start(struct request *request);
void tei_embed_finish(struct request *request);

/* POST /embed_all */
bool tei_read_embed_all(struct decoding *decoding, const struct body_object *root);
enum route_outcome tei_embed_all_start(struct request *request);
void tei_embed_all_finish(struct request *request);

/* GET /health and /ping */
enum route_outcome tei_health(struct request *request);

#endif
