/* SPDX-License-Identifier: Apache-2.0 */

/* Whether a request may ask for what it asks, by its API key. Used by http_receive alone. */
#ifndef NESTD_SERVER_HTTP_AUTHORIZE_H
#define NESTD_SERVER_HTTP_AUTHORIZE_H

#include <stdbool.h>

struct request;

/* The headers that may hold a key; NULL: there is none of that name. */
struct key_headers {
    const char *authorization; /* Authorization: Bearer KEY */
    const char *x_api_key;     /* X-Api-Key: KEY */
    const char *api_key;       /* api-key: KEY, as Azure's clients send it */
};

/* True where the route is open, no keys are set up, or the first header that holds a key holds a
 * good one. Otherwise answers 401. */
bool authorize(struct request *request, const struct key_headers *headers);

#endif
