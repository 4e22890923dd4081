/* SPDX-License-Identifier: Apache-2.0 */

/* What vLLM's replies have around their items. For the routes beside it. */
#ifndef NESTD_SERVER_API_RANK_VLLM_REPLY_H
#define NESTD_SERVER_API_RANK_VLLM_REPLY_H

#include "server/api/embed/embed_work.h"

struct request;

/* Up to the list of items, and from its end on. */
void vllm_reply_begin(struct request *request);
void vllm_reply_end(struct request *request, const struct embed_work *work);

/* An embed_route's count_bytes. */
struct finish_bytes vllm_reply_count_bytes(const struct request *request,
                                           const struct embed_work *work);

#endif
