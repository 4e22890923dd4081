/* SPDX-License-Identifier: Apache-2.0 */

/* llama.cpp's own route for embeddings. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_LOCAL_LLAMA_H
#define NESTD_SERVER_API_LOCAL_LLAMA_H

#include "server/exchange/route.h"
#include "server/exchange/route_family.h"

struct request;

extern const struct route_family llama_family; /* {"error":{"code","message","type"}} */

/* POST /embedding */
enum route_outcome llama_embedding_start(struct request *request);
void llama_embedding_finish(struct request *request);

#endif
