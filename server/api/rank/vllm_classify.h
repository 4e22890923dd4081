/* SPDX-License-Identifier: Apache-2.0 */

/* POST /v1/classify and /classify, in vLLM's shape. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_RANK_VLLM_CLASSIFY_H
#define NESTD_SERVER_API_RANK_VLLM_CLASSIFY_H

#include "server/exchange/route.h"

#include <stdbool.h>

struct body_object;
struct decoding;
struct request;

bool vllm_classify_read(struct decoding *decoding, const struct body_object *root);
enum route_outcome vllm_classify_start(struct request *request);
void vllm_classify_finish(struct request *request);

#endif
