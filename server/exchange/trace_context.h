/* SPDX-License-Identifier: Apache-2.0 */

/* Whose trace a request belongs to: the header traceparent of W3C's Trace Context
 * (https://www.w3.org/TR/trace-context/). It is carried into the log and no further: nestd makes no
 * spans of its own and calls nobody. */
#ifndef NESTD_SERVER_EXCHANGE_TRACE_CONTEXT_H
#define NESTD_SERVER_EXCHANGE_TRACE_CONTEXT_H

#include <stdbool.h>

/* Zeroed: none. */
struct trace_context {
    char trace_id[33];
    char parent_id[17]; /* the caller's span */
};

/* False, and nothing changed, where the header (NULL: absent) is malformed. One of a later version
 * is taken as far as it is as in version 00, as the recommendation says. */
bool trace_context_parse(const char *header, struct trace_context *ret_context);

#endif
