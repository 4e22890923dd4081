/* SPDX-License-Identifier: Apache-2.0 */

/* Whether a request may ask for what it asks, by its API key. Used by http_receive alone. */
#ifndef NESTD_SERVER_AUTHORIZE_H
#define NESTD_SERVER_AUTHORIZE_H

#include <stdbool.h>

struct request;

/* True where the route is open, no keys are set up, or the header, NULL where there is none, bears
 * a good one. Otherwise answers 401. */
bool authorize(struct request *request, const char *authorization);

#endif
