/* SPDX-License-Identifier: Apache-2.0 */

/* OpenAI's batch files: a request a line in, {"custom_id", "method", "url", "body"}; its reply a line
 * out, {"id", "custom_id", "response", "error"}, in the input's order. One owner, one thread. */
#ifndef NESTD_SERVER_BULK_BATCH_H
#define NESTD_SERVER_BULK_BATCH_H

#include "server/bulk/bulk.h"
#include "server/bulk/office.h"

struct batch;

/* Borrows the office and what the setup points at; of the setup's source only the path and the shard count. */
MUST_CHECK enum status batch_new(struct batch **ret_batch, struct office *office,
                                 const struct bulk_setup *setup, struct error *error);

/* After the office was closed. NULL is allowed. */
void batch_free(struct batch *batch);

/* As bulk_run(): a row is a request. */
MUST_CHECK enum status batch_run(struct batch *batch, struct bulk_result *ret_result,
                                 struct error *error);

#endif
