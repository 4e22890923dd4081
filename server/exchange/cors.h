/* SPDX-License-Identifier: Apache-2.0 */

/* --cors-allow-origin: the pages of other sites that browsers let read our replies, in the headers
 * of the Fetch standard. Without the option there are no such headers, and browsers refuse. */
#ifndef NESTD_SERVER_EXCHANGE_CORS_H
#define NESTD_SERVER_EXCHANGE_CORS_H

#include "engine/engine.h"

#include <stdbool.h>

struct options;
struct request;

/* Each origin must be "*" or written as browsers write it, since it is compared byte by byte.
 * Otherwise INVALID, with what is expected. */
MUST_CHECK enum status cors_check(const struct options *options, struct error *error);

bool cors_is_on(const struct options *options);

/* The methods of the request's path as the header Allow lists them: "GET, HEAD". OPTIONS is one of
 * them if the option is set. */
struct method_names {
    char text[32];
};
struct method_names cors_name_methods(const struct request *request);

/* The answer to OPTIONS on a known path: 204 with the path's methods and, for a browser's
 * preflight, what it may send. Preflights carry no API key, so this comes before the check of keys.
 */
void cors_answer_preflight(struct request *request);

/* Adds the headers that every reply has, errors too, to request->reply, which must be complete
 * otherwise. Adds nothing if the option is not set. */
void cors_add_headers(struct request *request);

#endif
