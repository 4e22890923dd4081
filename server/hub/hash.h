/* SPDX-License-Identifier: Apache-2.0 */

/* Checks content against the hash that names it on the hub: a sha256 of what Git LFS holds, git's
 * own hash of the rest (sha1 over "blob SIZE", a NUL and the content). By GnuTLS. */
#ifndef NESTD_SERVER_HUB_HASH_H
#define NESTD_SERVER_HUB_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hub_hash;

/* Which of the two is told by the length of `etag`, 64 or 40 digits. NULL when memory is short. */
struct hub_hash *hub_hash_new(const char *etag, uint64_t size_bytes);
void hub_hash_free(struct hub_hash *hash); /* NULL is allowed */

bool hub_hash_add(struct hub_hash *hash, const void *bytes, size_t len_bytes);

/* Whether all that was added has the hash `etag`. Once, and nothing may be added after it. */
bool hub_hash_is(struct hub_hash *hash, const char *etag);

#endif
