/* SPDX-License-Identifier: Apache-2.0 */

/* API keys, each with its end. Looking one up takes the same time whichever it is, and whether it
 * is there: see key_list_find. Used by key_file and api_keys. */
#ifndef NESTD_SERVER_AUTH_KEY_LIST_H
#define NESTD_SERVER_AUTH_KEY_LIST_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEY_MAX_BYTES = 256,
    /* All are looked at for each request: 1024 of them take 6 us. */
    KEYS_MAX = 1024,
};

#define KEY_NEVER_EXPIRES INT64_MAX

struct key {
    unsigned char bytes[KEY_MAX_BYTES]; /* padded with NULs */
    size_t len_bytes;
    int64_t expires_s; /* Unix time from which on it is refused */
};

/* Zeroed: none. */
struct key_list {
    struct key *keys; /* [n_keys] */
    size_t n_keys;
    size_t capacity;
};

void key_list_release(struct key_list *list); /* and zeroes it; NULL is allowed */

/* Adds a key. INVALID where it is none, is there already, or is one too many; the error tells why,
 * and never what the key is. */
MUST_CHECK enum status key_list_add(struct key_list *list, const char *bytes, size_t len_bytes,
                                    int64_t expires_s, struct error *error);

/* NULL if it is not there. The time that this takes depends on how many keys there are and how long
 * the given one is, and on nothing else: so it tells nothing of a key to one who guesses. */
const struct key *key_list_find(const struct key_list *list, const char *bytes, size_t len_bytes);

#endif
