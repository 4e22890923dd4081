/* SPDX-License-Identifier: Apache-2.0 */

/* API keys, each with its expiry time. A look-up takes the same time whether the key is there or
 * not: see key_list_find. Used by key_file and api_keys. */
#ifndef NESTD_SERVER_AUTH_KEY_LIST_H
#define NESTD_SERVER_AUTH_KEY_LIST_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEY_MAX_BYTES = 256,
    /* Every request is compared with all of them: 1024 take 6 us. */
    KEYS_MAX = 1024,
};

#define KEY_NEVER_EXPIRES INT64_MAX

struct key {
    unsigned char bytes[KEY_MAX_BYTES]; /* padded with NULs */
    size_t len_bytes;
    int64_t expires_s; /* Unix time from which on it is refused */
};

/* Zeroed: empty. */
struct key_list {
    struct key *keys; /* [n_keys] */
    size_t n_keys;
    size_t capacity;
};

void key_list_release(struct key_list *list); /* and zeroes it; NULL is allowed */

/* Adds a key. INVALID if it is not a valid key, is there already, or is one too many; the error
 * says why, and never shows the key. */
MUST_CHECK enum status key_list_add(struct key_list *list, const char *bytes, size_t len_bytes,
                                    int64_t expires_s, struct error *error);

/* NULL if it is not there. The time this takes depends only on the number of keys and the length of
 * the given one, so that it tells nothing to an attacker who guesses keys. */
const struct key *key_list_find(const struct key_list *list, const char *bytes, size_t len_bytes);

#endif
