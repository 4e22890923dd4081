/* SPDX-License-Identifier: Apache-2.0 */

/* An embedder's server: OpenAI's POST /v1/embeddings at --url. For embedder.c. */
#ifndef NESTD_SERVER_EMBEDDER_REMOTE_H
#define NESTD_SERVER_EMBEDDER_REMOTE_H

#include "server/embedder/embedder.h"

struct remote;

/* Finds out which model the server has, if no option says, and asks for a first vector. */
MUST_CHECK enum status remote_open(struct remote **ret_remote, const struct options *options,
                                   long n_dims, struct embedder_info *ret_info,
                                   struct error *error);
void remote_close(struct remote *remote); /* NULL is allowed */

/* Breaks off what runs and has everything end with STATUS_STOPPING. Any thread. */
void remote_stop(struct remote *remote);

struct embed_prompt remote_find_prompt(const struct remote *remote, const char *name);

/* Has the server encode the batch; blocks until its status and vectors are there. `i_lane` names the
 * connection, 0 to --url-requests - 1, for one thread at a time. */
void remote_encode(struct remote *remote, size_t i_lane, struct embed_batch *batch);

#endif
