/* SPDX-License-Identifier: Apache-2.0 */

/* Checks the API key of a request. Used by http_receive only. */
#ifndef NESTD_SERVER_HTTP_AUTHORIZE_H
#define NESTD_SERVER_HTTP_AUTHORIZE_H

#include <stdbool.h>

struct request;

/* The headers that may hold a key; NULL: absent. */
struct key_headers {
    const char *authorization; /* Authorization: Bearer KEY */
    const char *x_api_key;     /* X-Api-Key: KEY */
    const char *api_key;       /* api-key: KEY, as Azure's clients send it */
};

/* True if the route is open, no keys are configured, or the first header with a key has a valid
 * one. Otherwise answers 401. */
bool authorize(struct request *request, const struct key_headers *headers);

#endif
