/* SPDX-License-Identifier: Apache-2.0 */

/* Shards by the key's high bits, each with its own mutex, slots, chains and order of use. A slot is
 * one vector; slots are named by number, 0 being none, so that a shard's memory is three plain
 * arrays. */
#include "engine/schedule/cache.h"

#include "engine/base/memory.h"

#include <pthread.h>
#include <string.h>

enum { N_SHARDS = 8 };

struct slot {
    struct text_key key;
    uint32_t chain; /* the next slot of its bucket */
    uint32_t newer; /* in the order of use */
    uint32_t older;
};

struct shard {
    pthread_mutex_t mutex; /* guards all that follows */
    struct slot *slots;    /* [n_slots + 1]; slot 0 heads the order of use: its older is the newest,
                              its newer the oldest */
    float *vectors;        /* [n_slots + 1, n_dims] */
    uint32_t *buckets;     /* [n_buckets], a power of two */
    uint32_t n_used;
    uint64_t hits;
    uint64_t misses;
};

struct cache {
    size_t n_dims;
    uint32_t n_slots; /* of a shard */
    uint32_t n_buckets;
    size_t n_ready; /* shards whose mutex exists */
    struct shard shards[N_SHARDS];
};

static enum status shard_init(struct shard *shard, const struct cache *cache)
{
    size_t vector_bytes = cache->n_dims * sizeof(float);

    if (pthread_mutex_init(&shard->mutex, NULL))
        return STATUS_NO_MEMORY;
    /* calloc's memory is the kernel's until it is touched, so an unused cache costs nothing. */
    shard->slots = calloc((size_t)cache->n_slots + 1, sizeof *shard->slots);
    shard->vectors = calloc((size_t)cache->n_slots + 1, vector_bytes);
    shard->buckets = calloc(cache->n_buckets, sizeof *shard->buckets);
    return shard->slots && shard->vectors && shard->buckets ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status cache_new(struct cache **ret_cache, size_t max_bytes, size_t n_dims)
{
    struct cache *cache = calloc(1, sizeof *cache);
    /* A slot has up to two buckets. */
    size_t slot_bytes = sizeof(struct slot) + n_dims * sizeof(float) + 2 * sizeof(uint32_t);
    size_t n_slots = max_bytes / N_SHARDS / slot_bytes;
    enum status status = STATUS_OK;

    if (!cache)
        return STATUS_NO_MEMORY;
    cache->n_dims = n_dims;
    cache->n_slots = n_slots > UINT32_MAX / 4 ? UINT32_MAX / 4 : (uint32_t)n_slots;
    cache->n_buckets = 1;
    while (cache->n_buckets < cache->n_slots)
        cache->n_buckets *= 2;
    for (; cache->n_ready < N_SHARDS && !status; cache->n_ready++)
        status = shard_init(&cache->shards[cache->n_ready], cache);
    if (status) {
        cache_free(cache);
        return status;
    }
    *ret_cache = cache;
    return STATUS_OK;
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->n_ready; i++) {
        free(cache->shards[i].slots);
        free(cache->shards[i].vectors);
        free(cache->shards[i].buckets);
        pthread_mutex_destroy(&cache->shards[i].mutex);
    }
    free(cache);
}

/* ---- a shard, under its mutex ---- */

static uint32_t *bucket_of(const struct cache *cache, struct shard *shard, struct text_key key)
{
    return &shard->buckets[key.low & (cache->n_buckets - 1)];
}

static uint32_t find(const struct cache *cache, struct shard *shard, struct text_key key)
{
    uint32_t slot = *bucket_of(cache, shard, key);

    while (slot && !text_key_equal(shard->slots[slot].key, key))
        slot = shard->slots[slot].chain;
    return slot;
}

static void unlink_use(struct shard *shard, uint32_t slot)
{
    shard->slots[shard->slots[slot].newer].older = shard->slots[slot].older;
    shard->slots[shard->slots[slot].older].newer = shard->slots[slot].newer;
}

static void link_newest(struct shard *shard, uint32_t slot)
{
    shard->slots[slot].newer = 0;
    shard->slots[slot].older = shard->slots[0].older;
    shard->slots[shard->slots[0].older].newer = slot;
    shard->slots[0].older = slot;
}

static void unchain(const struct cache *cache, struct shard *shard, uint32_t slot)
{
    uint32_t *link = bucket_of(cache, shard, shard->slots[slot].key);

    while (*link != slot)
        link = &shard->slots[*link].chain;
    *link = shard->slots[slot].chain;
}

/* An unused slot, or the longest unused one. */
static uint32_t free_slot(const struct cache *cache, struct shard *shard)
{
    uint32_t slot;

    if (shard->n_used < cache->n_slots)
        return ++shard->n_used;
    slot = shard->slots[0].newer;
    unlink_use(shard, slot);
    unchain(cache, shard, slot);
    return slot;
}

/* ---- the interface ---- */

static struct shard *shard_of(struct cache *cache, struct text_key key)
{
    return &cache->shards[key.high % N_SHARDS];
}

bool cache_get(struct cache *cache, struct text_key key, size_t n_dims, float *ret_vector)
{
    struct shard *shard = shard_of(cache, key);
    uint32_t slot;

    if (cache->n_slots == 0)
        return false;
    pthread_mutex_lock(&shard->mutex);
    slot = find(cache, shard, key);
    if (slot) {
        memcpy(ret_vector, shard->vectors + slot * cache->n_dims, n_dims * sizeof *ret_vector);
        unlink_use(shard, slot);
        link_newest(shard, slot);
        shard->hits++;
    } else {
        shard->misses++;
    }
    pthread_mutex_unlock(&shard->mutex);
    return slot != 0;
}

void cache_put(struct cache *cache, struct text_key key, const float *vector)
{
    struct shard *shard = shard_of(cache, key);
    uint32_t slot;

    if (cache->n_slots == 0)
        return;
    pthread_mutex_lock(&shard->mutex);
    slot = find(cache, shard, key);
    if (!slot) {
        uint32_t *bucket = bucket_of(cache, shard, key);

        slot = free_slot(cache, shard);
        shard->slots[slot].key = key;
        shard->slots[slot].chain = *bucket;
        *bucket = slot;
        link_newest(shard, slot);
        memcpy(shard->vectors + slot * cache->n_dims, vector, cache->n_dims * sizeof *vector);
    }
    pthread_mutex_unlock(&shard->mutex);
}

void cache_get_stats(struct cache *cache, struct cache_stats *ret_stats)
{
    *ret_stats = (struct cache_stats){0};
    for (size_t i = 0; i < N_SHARDS; i++) {
        struct shard *shard = &cache->shards[i];

        pthread_mutex_lock(&shard->mutex);
        ret_stats->hits += shard->hits;
        ret_stats->misses += shard->misses;
        ret_stats->used_bytes += shard->n_used * cache->n_dims * sizeof(float);
        pthread_mutex_unlock(&shard->mutex);
    }
}
