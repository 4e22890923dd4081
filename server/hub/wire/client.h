/* SPDX-License-Identifier: Apache-2.0 */

/* GET from the hub. One request at a time; one thread.
 *
 * The token is shown to the hub alone: the scheme, host and port of its address. Where a request is
 * redirected elsewhere, as it is for large files, it goes on without. From https no redirect leads to
 * http. */
#ifndef NESTD_SERVER_HUB_WIRE_CLIENT_H
#define NESTD_SERVER_HUB_WIRE_CLIENT_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub_client;

struct hub_reply {
    long status;             /* HTTP's; 0: there was no reply */
    char problem[256];       /* of the network, in libcurl's words; "" where there was none */
    char error_code[64];     /* X-Error-Code: "GatedRepo" */
    char error_message[200]; /* X-Error-Message */
    char next_query[1024];   /* of a list's next page, from Link; "" on its last */
    uint64_t range_start;    /* of a 206, from Content-Range */
    unsigned retry_after_s;  /* 0: not told */
};

/* Takes the body of a 200 or 206, whose header *reply holds; false breaks the request off. */
struct hub_sink {
    bool (*put)(void *user, const struct hub_reply *reply, const char *bytes, size_t len_bytes);
    void *user;
};

enum hub_outcome {
    HUB_DONE,    /* 200 or 206, and the sink has all of it */
    HUB_AGAIN,   /* the network, 408, 429 or 5xx: another try may go well */
    HUB_REFUSED, /* another try would go the same way */
    HUB_BROKEN,  /* by the sink */
};

/* Both texts must outlive it. */
MUST_CHECK enum status hub_client_new(struct hub_client **ret_client, const char *endpoint,
                                      const char *token, struct error *error);
void hub_client_free(struct hub_client *client); /* NULL is allowed */

/* Gets an address, from the byte `offset` on. *ret_reply is filled whatever the outcome. */
enum hub_outcome hub_client_get(struct hub_client *client, const char *url, uint64_t offset,
                                const struct hub_sink *sink, struct hub_reply *ret_reply);

/* For each byte of a path or a part of one that cannot stand in an address: "%2F". Appends what
 * fits to the NUL-terminated `to`; false if it did not. */
bool hub_escape(const char *text, bool keep_slashes, char *to, size_t max_bytes);

#endif
