/* SPDX-License-Identifier: Apache-2.0 */

/* A model from the hub into the cache: looks its revision up, lists its files, gets those that are
 * needed and not there. Runs in a process of its own (source.c), and blocks for as long as it
 * takes. */
#ifndef NESTD_SERVER_HUB_FETCH_H
#define NESTD_SERVER_HUB_FETCH_H

#include "server/hub/blob.h"
#include "server/hub/settings.h"

struct hub_request {
    const char *name;     /* valid, as name.h has it */
    const char *revision; /* the same */
    const struct hub_settings *settings;
    const char *token; /* "": none */
    void (*report)(void *user, uint64_t done_bytes, uint64_t total_bytes);
    void *user;
};

/* *ret_commit names the snapshot, which is whole. Where the hub cannot be asked, or what the revision
 * is now cannot be got or kept, and the cache has a whole snapshot of the revision, that is taken,
 * with a warning. */
MUST_CHECK enum status hub_fetch(const struct hub_request *request,
                                 char ret_commit[HUB_COMMIT_BYTES + 1], struct error *error);

#endif
