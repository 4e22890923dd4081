/* SPDX-License-Identifier: Apache-2.0 */

/* POST /v2/embed and /v1/embed, in Cohere's shape. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_COHERE_H
#define NESTD_SERVER_API_COHERE_H

#include "server/api/embed/pack.h"
#include "server/exchange/route.h"
#include "server/exchange/route_family.h"

struct body_object;
struct decoding;
struct request;

/* What a vector is given as. */
enum cohere_type {
    COHERE_FLOAT,
    COHERE_BASE64,
    COHERE_PACKED, /* and one more for each enum pack */
    N_COHERE_TYPES = COHERE_PACKED + N_PACKS
};

extern const struct route_family cohere_family; /* {"id","message","error":{...}} */

bool cohere_read_embed(struct decoding *decoding, const struct body_object *root); /* the body */
enum route_outcome cohere_embed_start(struct request *request);
void cohere_embed_finish(struct request *request);

/* Version 1 differs where a request names no embedding_types. */
bool cohere_read_embed_v1(struct decoding *decoding, const struct body_object *root);
enum route_outcome cohere_embed_v1_start(struct request *request);
void cohere_embed_v1_finish(struct request *request);

#endif
