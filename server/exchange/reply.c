/* SPDX-License-Identifier: Apache-2.0 */
#include "server/exchange/reply.h"

#include <stdarg.h>
#include <stdio.h>

void reply_release(struct reply *reply)
{
    buffer_release(&reply->body);
    *reply = (struct reply){0};
}

void reply_add_header(struct reply *reply, const char *name, const char *format, ...)
{
    struct reply_header *header = &reply->headers[reply->n_headers];
    va_list arguments;

    if (reply->n_headers == REPLY_MAX_HEADERS)
        return;
    header->name = name;
    va_start(arguments, format);
    vsnprintf(header->value, sizeof(header->value), format, arguments);
    va_end(arguments);
    reply->n_headers++;
}
