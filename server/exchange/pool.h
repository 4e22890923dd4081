/* SPDX-License-Identifier: Apache-2.0 */

/* The request threads: they decode, tokenize, submit, and later write replies, so that HTTP threads
 * only move bytes. A request is pushed twice: when its body is complete, and when its jobs are
 * done. Finished ones are served first, since they hold the most memory and a client waits; small
 * ones do not wait for large ones. Bounded by --max-concurrent-requests, which the caller counts.
 */
#ifndef NESTD_SERVER_EXCHANGE_POOL_H
#define NESTD_SERVER_EXCHANGE_POOL_H

#include "engine/engine.h"

#include <stddef.h>

struct pool;
struct request;

/* `answered` is called on a request thread when a request's reply is complete, or when its client
 * is gone and no reply will be written; it takes the request. */
MUST_CHECK enum status pool_new(struct pool **ret_pool, size_t n_threads,
                                void (*answered)(struct request *request));

/* Serves everything that was pushed, then joins the threads. NULL is allowed. */
void pool_stop(struct pool *pool);

/* Stops the pool first. NULL is allowed. Every call of pool_push() must have returned. */
void pool_free(struct pool *pool);

/* Hands a request over, in stage QUEUED (its body is complete) or ENCODING (its group is done). Any
 * thread; never blocks. */
void pool_push(struct pool *pool, struct request *request);

#endif
