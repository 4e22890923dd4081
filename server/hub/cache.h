/* SPDX-License-Identifier: Apache-2.0 */

/* A model in Hugging Face's cache, laid out as huggingface_hub does, so that either program reads
 * what the other has written:
 *
 *     CACHE/CACHEDIR.TAG
 *     CACHE/.locks/models--ORG--NAME/ETAG.lock            held (flock) while the blob is written
 *     CACHE/models--ORG--NAME/refs/main                   the commit's hash, without a newline
 *                            /blobs/ETAG                  content; ETAG.incomplete until it is whole
 *                            /snapshots/COMMIT/PATH       relative links to blobs
 *                            /trees/COMMIT.json           the hub's whole list; read, never written
 *
 * A blob has its name once it is whole and checked, a link is there once its blob is, and a ref once
 * all links are. (huggingface_hub writes a ref first.) trees/COMMIT.json is left to huggingface_hub:
 * with it, a snapshot that lacks files which nestd does not need would count as broken there.
 * Reading writes nothing. */
#ifndef NESTD_SERVER_HUB_CACHE_H
#define NESTD_SERVER_HUB_CACHE_H

#include "server/hub/listing.h"
#include "server/hub/path.h"

struct hub_cache {
    const char *root;           /* borrowed */
    struct hub_path repository; /* CACHE/models--ORG--NAME */
    struct hub_path locks;
};

/* `name` must be valid (name.h). Touches no file. */
MUST_CHECK enum status hub_cache_init(struct hub_cache *ret_cache, const char *root,
                                      const char *name, struct error *error);

/* The commit that a revision was when it was last looked up; a commit is itself. False where that
 * is not known. */
bool hub_cache_find_commit(const struct hub_cache *cache, const char *revision,
                           char ret_commit[HUB_COMMIT_BYTES + 1]);

/* Remembers it; nothing is written where it is known already. */
MUST_CHECK enum status hub_cache_put_commit(const struct hub_cache *cache, const char *revision,
                                            const char *commit, struct error *error);

MUST_CHECK enum status hub_cache_name_snapshot(const struct hub_cache *cache, const char *commit,
                                               struct hub_path *ret_path, struct error *error);
MUST_CHECK enum status hub_cache_name_blob(const struct hub_cache *cache, const char *etag,
                                           struct hub_path *ret_path, struct error *error);

/* Whether the snapshot has the file, and the blob behind it. */
bool hub_cache_has_file(const struct hub_cache *cache, const char *commit, const char *path);

/* Puts a link to the blob, which must be there, into the snapshot. */
MUST_CHECK enum status hub_cache_link(const struct hub_cache *cache, const char *commit,
                                      const struct hub_file *file, struct error *error);

/* Makes the cache's folders, and the tag that keeps it out of backups. */
MUST_CHECK enum status hub_cache_make(const struct hub_cache *cache, struct error *error);

/* OK where the snapshot has all that is needed to serve the model, as far as it can be told without
 * the hub. */
MUST_CHECK enum status hub_cache_check_snapshot(const struct hub_cache *cache, const char *commit,
                                                struct error *error);

#endif
