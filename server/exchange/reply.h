/* SPDX-License-Identifier: Apache-2.0 */

/* What goes back for a request: filled in by handlers on any thread (respond.h), sent by
 * http_send.c. */
#ifndef NESTD_SERVER_EXCHANGE_REPLY_H
#define NESTD_SERVER_EXCHANGE_REPLY_H

#include "server/exchange/problem.h"
#include "server/text/buffer.h"

#include <stddef.h>

enum { REPLY_MAX_HEADERS = 20 };

struct reply_header {
    const char *name; /* static */
    char value[160];
};

/* Zeroed: not answered yet. */
struct reply {
    unsigned http_status; /* 0: not answered */
    const char *content_type;
    struct buffer body;
    struct reply_header headers[REPLY_MAX_HEADERS];
    size_t n_headers;
    enum problem problem; /* if http_status is an error */
};

void reply_release(struct reply *reply);

/* Adds a header. Beyond REPLY_MAX_HEADERS it is left out; a value that is too long is cut. */
void reply_add_header(struct reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
