/* SPDX-License-Identifier: Apache-2.0 */

/* How handlers answer, on any thread. The one place that turns a problem into a status, a body and
 * headers, as the route's family has them. */
#ifndef NESTD_SERVER_EXCHANGE_RESPOND_H
#define NESTD_SERVER_EXCHANGE_RESPOND_H

#include "engine/engine.h"
#include "server/exchange/api_error.h"
#include "server/exchange/reply.h"

struct request;

/* 200 with a JSON body that the caller writes into request->reply.body, before or after. If that
 * text has failed, the answer becomes INTERNAL_ERROR when sent. */
void respond_json(struct request *request);

/* 200 with this text; "" for no body. */
void respond_text(struct request *request, const char *content_type, const char *text);

/* An error: replaces whatever reply there was. `param` is the field (a JSON path, "input[3]") or
 * NULL. Adds headers such as Retry-After and Allow where the problem calls for them. Never fails:
 * if memory is short, the body has buffer_failed() and the status is right; the reply is sent with
 * an empty body. */
void respond_problem(struct request *request, enum problem problem, const char *param,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same, with words that were found elsewhere. */
void respond_api_error(struct request *request, const struct api_error *error);

/* The problem that an engine status means, with its words. NO_MEMORY is also what the request's
 * claim was refused (memory_budget.h): then the server is full, or the request too large. */
void respond_status(struct request *request, enum status status);

#endif
