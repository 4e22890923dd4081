/* SPDX-License-Identifier: Apache-2.0 */

/* A request's way into the engine and out of it. */
#ifndef NESTD_SERVER_EXCHANGE_REQUEST_SUBMIT_H
#define NESTD_SERVER_EXCHANGE_REQUEST_SUBMIT_H

#include "engine/engine.h"

struct request;

/* Submits request->group, whose jobs are filled in, and moves to ENCODING; on the request thread
 * that called route->start. After STATUS_OK the caller must not touch the request any more.
 * Otherwise the caller keeps it and answers. CANCELLED: the client is gone. STOPPING: the model is
 * not loaded. */
MUST_CHECK enum status request_submit(struct request *request);

/* The client hung up: cancels its jobs in the engine. Called by the watch, in any stage. */
void request_gone(struct request *request);

#endif
