/* SPDX-License-Identifier: Apache-2.0 */

/* An embedder's model in this process. For embedder.c. */
#ifndef NESTD_SERVER_EMBEDDER_LOCAL_H
#define NESTD_SERVER_EMBEDDER_LOCAL_H

#include "server/embedder/embedder.h"

struct local;

MUST_CHECK enum status local_open(struct local **ret_local, const struct options *options,
                                  long n_dims, struct embedder_info *ret_info, struct error *error);

/* What was submitted to the engine is finished first. NULL is allowed. */
void local_close(struct local *local);

MUST_CHECK enum status local_find_prompt(const struct local *local, const char *name,
                                         struct embed_prompt *ret_prompt, struct error *error);

/* Tokenizes the batch and has the engine encode it; batch->done() follows. Any thread; blocks while
 * the engine has enough to do. */
void local_encode(struct local *local, struct embed_batch *batch);

#endif
