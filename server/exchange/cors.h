/* SPDX-License-Identifier: Apache-2.0 */

/* Which pages of other sites a browser lets read our replies: --cors-allow-origin, in the headers
 * of the Fetch standard. Without the option there are none, and browsers keep such pages out. */
#ifndef NESTD_SERVER_EXCHANGE_CORS_H
#define NESTD_SERVER_EXCHANGE_CORS_H

#include "engine/engine.h"

#include <stdbool.h>

struct options;
struct request;

/* Each origin must be "*" or written as browsers write it, for it is compared as it stands: else
 * INVALID, with what it should be. */
MUST_CHECK enum status cors_check(const struct options *options, struct error *error);

bool cors_is_on(const struct options *options);

/* The methods of the request's path as the header Allow lists them: "GET, HEAD". OPTIONS is one of
 * them where the option is set. */
struct method_names {
    char text[32];
};
struct method_names cors_name_methods(const struct request *request);

/* The answer to OPTIONS on a known path: 204, the path's methods, and to a browser that asks before
 * it sends (a preflight) what it may send. It carries no key, so it comes before any check of one.
 */
void cors_answer_preflight(struct request *request);

/* What every reply carries, an error too: adds it to request->reply, which must be complete
 * otherwise. Nothing where the option is not set. */
void cors_add_headers(struct request *request);

#endif
