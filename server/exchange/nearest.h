/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the route that was meant by an unknown path: a slash too many, a missing letter, another
 * API's path. Pure; any thread. */
#ifndef NESTD_SERVER_EXCHANGE_NEAREST_H
#define NESTD_SERVER_EXCHANGE_NEAREST_H

struct routes;

/* The path of the nearest route; NULL if no route is near. */
const char *nearest_path(const struct routes *routes, const char *path);

#endif
