/* SPDX-License-Identifier: Apache-2.0 */

/* GET /openapi.json: the description of the API of this server, with its options and its model. */
#ifndef NESTD_SERVER_API_OPENAPI_H
#define NESTD_SERVER_API_OPENAPI_H

#include "server/exchange/route.h"

#include "server/text/buffer.h"

struct request;
struct server;

/* A handler of routes.c, on the HTTP thread. */
enum route_outcome openapi_get(struct request *request);

/* The document, in JSON. The model must be loaded. */
void openapi_write(const struct server *server, struct buffer *buffer);

#endif
