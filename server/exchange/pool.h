/* SPDX-License-Identifier: Apache-2.0 */

/* The request threads: they decode, tokenize, submit, and later write replies, so that HTTP threads
 * only move bytes. A request is pushed twice: when its body is whole, and when its jobs are done;
 * finished ones are served first, since they hold the most and are owed to someone, and small ones
 * do not wait for large ones. Bounded: new requests by --max-concurrent-requests, counted by the
 * caller. */
#ifndef NESTD_SERVER_EXCHANGE_POOL_H
#define NESTD_SERVER_EXCHANGE_POOL_H

#include "engine/engine.h"

#include <stddef.h>

struct pool;
struct request;

/* `answered` is called on a request thread when a request's reply is complete, or when its client
 * is gone and none will be written; it takes the request. */
MUST_CHECK enum status pool_new(struct pool **ret_pool, size_t n_threads,
                                void (*answered)(struct request *request));

/* Serves what was pushed, then joins the threads. NULL is allowed. */
void pool_stop(struct pool *pool);

/* Stops it too. NULL is allowed. Every thread that pushed must have returned: the one whose request
 * was served last may still be inside. */
void pool_free(struct pool *pool);

/* Hands a request over. Any thread; never blocks. QUEUED: its body is whole. ENCODING: its group is
 * done. */
void pool_push(struct pool *pool, struct request *request);

#endif
