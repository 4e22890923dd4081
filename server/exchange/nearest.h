/* SPDX-License-Identifier: Apache-2.0 */

/* The path that was meant by one that no route has: a slash too many, a letter too few, another
 * API's address. Pure; any thread. */
#ifndef NESTD_SERVER_EXCHANGE_NEAREST_H
#define NESTD_SERVER_EXCHANGE_NEAREST_H

struct routes;

/* The path of a route; NULL where none is near. */
const char *nearest_path(const struct routes *routes, const char *path);

#endif
