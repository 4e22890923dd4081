/* SPDX-License-Identifier: Apache-2.0 */

/* How handlers answer, on any thread. The one place that turns a problem into a status, a body and
 * headers, as the route's family has them. */
#ifndef NESTD_SERVER_EXCHANGE_RESPOND_H
#define NESTD_SERVER_EXCHANGE_RESPOND_H

#include "engine/engine.h"
#include "server/exchange/api_error.h"
#include "server/exchange/reply.h"

struct request;

/* 200 with a JSON body that the caller writes into request->reply.body, before or after. If
 * that buffer has failed, the reply becomes INTERNAL_ERROR when it is sent. */
void respond_json(struct request *request);

/* 200 with this text as its body. */
void respond_text(struct request *request, const char *content_type, const char *text);

/* An error: replaces whatever reply there was. `param` is the field (a JSON path, "input[3]") or
 * NULL. Adds headers such as Retry-After and Allow where the problem calls for them. Never fails:
 * if memory is short, the body has buffer_failed() and the status is right; the reply is sent with
 * an empty body. */
void respond_problem(struct request *request, enum problem problem, const char *param,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* MODEL_NOT_FOUND, of the field "model". */
void respond_unknown_model(struct request *request, struct slice name);

/* As respond_problem, with an error that was filled in elsewhere. */
void respond_api_error(struct request *request, const struct api_error *error);

/* Answers with the problem that an engine status stands for. NO_MEMORY also means that the
 * request's claim was refused (memory_budget.h): the server is full, or the request is too large.
 */
void respond_status(struct request *request, enum status status);

#endif
