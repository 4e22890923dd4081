/* SPDX-License-Identifier: Apache-2.0 */

/* Text Embeddings Inference's routes that need the tokenizer only. Handlers of routes.c; see
 * route.h for the threads they run on. */
#ifndef NESTD_SERVER_API_TEI_TOKENS_H
#define NESTD_SERVER_API_TEI_TOKENS_H

#include "server/exchange/route.h"

struct body_object;
struct decoding;
struct request;

/* POST /tokenize */
bool tei_read_tokenize(struct decoding *decoding, const struct body_object *root);
enum route_outcome tei_tokenize(struct request *request);

/* POST /decode */
bool tei_read_decode(struct decoding *decoding, const struct body_object *root);
enum route_outcome tei_decode(struct request *request);

#endif
