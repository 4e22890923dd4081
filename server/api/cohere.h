/* SPDX-License-Identifier: Apache-2.0 */

/* POST /v2/embed, in Cohere's shape. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_COHERE_H
#define NESTD_SERVER_API_COHERE_H

#include "server/exchange/route.h"
#include "server/exchange/route_family.h"

struct request;

extern const struct route_family cohere_family; /* {"id","message","error":{...}} */

enum route_outcome cohere_embed_start(struct request *request);
void cohere_embed_finish(struct request *request);

#endif
