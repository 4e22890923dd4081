/* SPDX-License-Identifier: Apache-2.0 */

/* What files a model has on the hub, as the hub's API lists them: untrusted JSON, of which every
 * count, size and name is checked. Also from what huggingface_hub keeps of a listing in its cache.
 * Pure but for memory. */
#ifndef NESTD_SERVER_HUB_LISTING_H
#define NESTD_SERVER_HUB_LISTING_H

#include "engine/engine.h"
#include "server/hub/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HUB_ETAG_MAX_BYTES = 64,
    HUB_LISTING_MAX_FILES = 50000,
};

#define HUB_FILE_MAX_BYTES ((uint64_t)1 << 42)

struct hub_file {
    char *path;
    uint64_t size_bytes;
    /* The sha256 of its content where Git LFS holds it, else the hash that git gives it: 64 or 40
     * digits. It names the file's blob in the cache. */
    char etag[HUB_ETAG_MAX_BYTES + 1];
    bool is_wanted; /* set by hub_choose() */
};

/* Zeroed: empty. */
struct hub_listing {
    struct hub_file *files; /* [n_files] */
    size_t n_files;
    size_t capacity;
};

void hub_listing_release(struct hub_listing *listing); /* and zeroes it; NULL is allowed */

/* Adds a copy of the file. What has a path or an etag that could lead elsewhere is left out: nobody
 * needs it. INVALID where it is too large or one too many. */
MUST_CHECK enum status hub_listing_add(struct hub_listing *listing, const char *path,
                                       uint64_t size_bytes, const char *etag, struct error *error);

/* Adds a page of /api/models/NAME/tree/COMMIT. */
MUST_CHECK enum status hub_listing_add_page(struct hub_listing *listing, const char *bytes,
                                            size_t len_bytes, struct error *error);

/* Adds what a file trees/COMMIT.json of the cache lists. */
MUST_CHECK enum status hub_listing_add_tree_file(struct hub_listing *listing, const char *bytes,
                                                 size_t len_bytes, struct error *error);

/* The commit that /api/models/NAME/revision/REVISION names. */
MUST_CHECK enum status hub_listing_read_commit(const char *bytes, size_t len_bytes,
                                               char ret_commit[HUB_COMMIT_BYTES + 1],
                                               struct error *error);

const struct hub_file *hub_listing_find(const struct hub_listing *listing, const char *path);

#endif
