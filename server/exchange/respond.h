/* SPDX-License-Identifier: Apache-2.0 */

/* What goes back for a request: filled in by handlers on any thread, sent by http.c. And the one
 * place that turns a problem into a status, a body and headers, as the route's family has them.
 */
#ifndef NESTD_SERVER_EXCHANGE_RESPOND_H
#define NESTD_SERVER_EXCHANGE_RESPOND_H

#include "engine/engine.h"
#include "server/exchange/api_error.h"
#include "server/text/buffer.h"

#include <stddef.h>

struct request;

enum { REPLY_MAX_HEADERS = 20 };

struct reply_header {
    const char *name; /* static */
    char value[160];
};

/* Zeroed: nothing answered yet. */
struct reply {
    unsigned http_status; /* 0: not answered */
    const char *content_type;
    struct buffer body;
    struct reply_header headers[REPLY_MAX_HEADERS];
    size_t n_headers;
    enum problem problem; /* where http_status is an error */
};

void reply_release(struct reply *reply);

/* Adds a header; one too many is left out, one too long is cut. */
void reply_add_header(struct reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 200 with a JSON body that the caller writes into request->reply.body, before or after. If that
 * text has failed, the answer becomes INTERNAL_ERROR when sent. */
void respond_json(struct request *request);

/* 200 with this text; "" for no body. */
void respond_text(struct request *request, const char *content_type, const char *text);

/* An error: replaces whatever reply there was. `param` is the field (a JSON path, "input[3]") or
 * NULL. Adds Retry-After, Allow and the
 * like where the problem calls for them. Never fails: short memory
 * gives a reply whose body buffer_failed(), with the right status; it is sent with an empty body. */
void respond_problem(struct request *request, enum problem problem, const char *param,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same, with words that were found elsewhere. */
void respond_api_error(struct request *request, const struct api_error *error);

/* The problem that an engine status means, with its words. NO_MEMORY is also what the request's
 * claim was refused (memory_budget.h): then the server is full, or the request too large. */
void respond_status(struct request *request, enum status status);

/* The methods of the request's path as the header Allow lists them: "GET, HEAD". */
struct method_names {
    char text[32];
};
struct method_names respond_name_methods(const struct request *request);

#endif
