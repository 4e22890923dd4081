/* SPDX-License-Identifier: Apache-2.0 */

/* OpenAI's routes. Handlers of routes.c; see route.h for the threads they run on. */
#ifndef NESTD_SERVER_API_OPENAI_H
#define NESTD_SERVER_API_OPENAI_H

#include "server/exchange/route.h"

struct body_object;
struct decoding;
struct request;

/* POST /v1/embeddings; `read` is for tests, as in the other families (embed_route) */
bool openai_read_embeddings(struct decoding *decoding, const struct body_object *root);
enum route_outcome openai_embeddings_start(struct request *request);
void openai_embeddings_finish(struct request *request);

/* POST /openai/deployments/{name}/embeddings, as Azure has it; finishes as the one above */
enum route_outcome openai_deployment_start(struct request *request);

/* GET /v1/models, and /v1/models/{id} */
enum route_outcome openai_list_models(struct request *request);
enum route_outcome openai_get_model(struct request *request);

#endif
