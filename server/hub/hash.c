/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/hash.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIGEST_BYTES = 32 };

struct hub_hash {
    gnutls_hash_hd_t handle;
    size_t digest_bytes;
};

struct hub_hash *hub_hash_new(const char *etag, uint64_t size_bytes)
{
    struct hub_hash *hash = calloc(1, sizeof *hash);
    bool is_git = strlen(etag) == 40;
    gnutls_digest_algorithm_t algorithm = is_git ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256;
    char head[40];
    int head_len = snprintf(head, sizeof head, "blob %llu", (unsigned long long)size_bytes);

    if (!hash || gnutls_hash_init(&hash->handle, algorithm) < 0) {
        free(hash);
        return NULL;
    }
    hash->digest_bytes = gnutls_hash_get_len(algorithm);
    if (is_git && !hub_hash_add(hash, head, (size_t)head_len + 1)) { /* with its NUL */
        hub_hash_free(hash);
        return NULL;
    }
    return hash;
}

void hub_hash_free(struct hub_hash *hash)
{
    if (!hash)
        return;
    gnutls_hash_deinit(hash->handle, NULL);
    free(hash);
}

bool hub_hash_add(struct hub_hash *hash, const void *bytes, size_t len_bytes)
{
    return gnutls_hash(hash->handle, bytes, len_bytes) == 0;
}

bool hub_hash_is(struct hub_hash *hash, const char *etag)
{
    unsigned char digest[MAX_DIGEST_BYTES];
    char text[2 * MAX_DIGEST_BYTES + 1];

    gnutls_hash_output(hash->handle, digest);
    for (size_t i = 0; i < hash->digest_bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return strcmp(text, etag) == 0;
}
