/* SPDX-License-Identifier: Apache-2.0 */

/* POST /v1/score and /score, in vLLM's shape. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_RANK_VLLM_SCORE_H
#define NESTD_SERVER_API_RANK_VLLM_SCORE_H

#include "server/exchange/route.h"

#include <stdbool.h>

struct body_object;
struct decoding;
struct request;

bool vllm_score_read(struct decoding *decoding, const struct body_object *root);
enum route_outcome vllm_score_start(struct request *request);
void vllm_score_finish(struct request *request);

#endif
