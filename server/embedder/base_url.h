/* SPDX-License-Identifier: Apache-2.0 */

/* --url, as people know a server's address: with or without the API's version ("/v1"), and with
 * "/embeddings" or not. Pure; any thread. */
#ifndef NESTD_SERVER_EMBEDDER_BASE_URL_H
#define NESTD_SERVER_EMBEDDER_BASE_URL_H

#include "engine/engine.h"
#include "server/text/slice.h"

struct base_url {
    struct slice root; /* "https://host/openai", of the text that was read */
    struct slice
        version; /* "/v1" where there is none, but "" where "/embeddings" follows the root */
};

/* INVALID for what is no address of a server, and for a user or a query in it. */
MUST_CHECK enum status base_url_read(const char *url, struct base_url *ret_base,
                                     struct error *error);

#endif
