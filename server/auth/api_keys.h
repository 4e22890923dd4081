/* SPDX-License-Identifier: Apache-2.0 */

/* The API keys that are accepted, from --api-key and --api-key-file. The file may be reloaded while
 * requests are checked. */
#ifndef NESTD_SERVER_AUTH_API_KEYS_H
#define NESTD_SERVER_AUTH_API_KEYS_H

#include "engine/engine.h"

#include <stddef.h>
#include <stdint.h>

struct api_keys;

enum api_key_verdict {
    API_KEY_GOOD,
    API_KEY_UNKNOWN,
    API_KEY_EXPIRED,
};

/* `key` or `path` may be NULL, not both; they stay the caller's and must outlive this. A file
 * without a key is an error, since it would lock everybody out. */
MUST_CHECK enum status api_keys_new(struct api_keys **ret_keys, const char *key, const char *path,
                                    struct error *error);
void api_keys_free(struct api_keys *keys); /* NULL is allowed */

/* Reloads the file. On failure the old keys stay in force. Blocks on the file. */
MUST_CHECK enum status api_keys_reload(struct api_keys *keys, struct error *error);

/* Any thread. `now_s` is Unix time. Takes the same time whatever the verdict (key_list.h). */
enum api_key_verdict api_keys_check(struct api_keys *keys, const char *key, size_t len_bytes,
                                    int64_t now_s);

struct api_key_count {
    size_t n_keys;
    size_t n_expired; /* of n_keys */
};
struct api_key_count api_keys_count(struct api_keys *keys, int64_t now_s);

#endif
