/* SPDX-License-Identifier: Apache-2.0 */

/* The table of all routes, for main() and tests: the rest of the server has it from struct server.
 */
#ifndef NESTD_SERVER_API_ROUTES_H
#define NESTD_SERVER_API_ROUTES_H

#include "server/exchange/route.h"

extern const struct routes api_routes;

#endif
