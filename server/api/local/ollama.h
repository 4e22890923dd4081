/* SPDX-License-Identifier: Apache-2.0 */

/* The routes of Ollama that have to do with embeddings. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_LOCAL_OLLAMA_H
#define NESTD_SERVER_API_LOCAL_OLLAMA_H

#include "server/exchange/route.h"
#include "server/exchange/route_family.h"

struct request;

extern const struct route_family ollama_family; /* {"error":message} */

/* POST /api/embed, and /api/embeddings, which came before it */
enum route_outcome ollama_embed_start(struct request *request);
void ollama_embed_finish(struct request *request);
enum route_outcome ollama_embeddings_start(struct request *request);
void ollama_embeddings_finish(struct request *request);

/* GET /api/tags, /api/ps and /api/version, POST /api/show (ollama_models.c) */
enum route_outcome ollama_list_models(struct request *request);
enum route_outcome ollama_list_running(struct request *request);
enum route_outcome ollama_get_version(struct request *request);
enum route_outcome ollama_show_model(struct request *request);

#endif
