/* SPDX-License-Identifier: Apache-2.0 */

/* One file of a model, from the hub into the cache: a blob, checked against the hash that names it.
 * What an earlier try has left is gone on with. */
#ifndef NESTD_SERVER_HUB_BLOB_H
#define NESTD_SERVER_HUB_BLOB_H

#include "server/hub/cache.h"
#include "server/hub/wire/explain.h"

/* How far a download is. `report` is called for each piece that comes. */
struct hub_count {
    uint64_t done_bytes;  /* of files that are finished, and of the one that is coming */
    uint64_t total_bytes; /* of all that were not there at first */
    void (*report)(void *user, uint64_t done_bytes, uint64_t total_bytes);
    void *user;
};

struct hub_download {
    struct hub_client *client;
    const struct hub_cache *cache;
    const struct hub_asked *asked;
    const char *commit;
    struct hub_count *count;
};

/* Returns when the blob is there, whoever brought it: where another process is at it, waits for
 * that. The cache's folders must be there. */
MUST_CHECK enum status hub_blob_get(const struct hub_download *download,
                                    const struct hub_file *file, struct error *error);

/* The bytes of it that are there: of the blob, or of what an earlier try has left. */
uint64_t hub_blob_count_there(const struct hub_cache *cache, const struct hub_file *file);

#endif
