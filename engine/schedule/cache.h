/* SPDX-License-Identifier: Apache-2.0 */

/* Finished vectors by text, the least recently used evicted first. Safe because a text's vector
 * does not depend on who computes it or when (promise 1). Holds pooled vectors, before a dimension
 * is cut or a length normalised, so that all of a text's requests share one. All memory is taken at
 * start. Any thread. */
#ifndef NESTD_ENGINE_SCHEDULE_CACHE_H
#define NESTD_ENGINE_SCHEDULE_CACHE_H

#include "engine/base/status.h"
#include "engine/schedule/text_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;

struct cache_stats {
    uint64_t hits;
    uint64_t misses;
    size_t used_bytes; /* of vectors that are there */
};

/* At most `max_bytes` in all; too few for one vector make a cache that holds nothing. */
MUST_CHECK enum status cache_new(struct cache **ret_cache, size_t max_bytes, size_t n_dims);
void cache_free(struct cache *cache);

/* Copies the first n_dims numbers of the key's vector; false if it is not there. */
bool cache_get(struct cache *cache, struct text_key key, size_t n_dims, float *ret_vector);

/* Keeps vector[n_dims of the cache], in place of the longest unused one. */
void cache_put(struct cache *cache, struct text_key key, const float *vector);

void cache_get_stats(struct cache *cache, struct cache_stats *ret_stats);

#endif
