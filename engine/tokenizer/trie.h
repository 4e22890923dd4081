/* SPDX-License-Identifier: Apache-2.0 */

/* A map from byte strings to numbers that is read byte by byte, so the longest key that a text
 * begins with is found in one walk. Once filled it is read-only, for any number of threads. */
#ifndef NESTD_ENGINE_TOKENIZER_TRIE_H
#define NESTD_ENGINE_TOKENIZER_TRIE_H

#include "engine/base/status.h"

#include <stddef.h>
#include <stdint.h>

enum {
    TRIE_ROOT = 0,
    TRIE_NO_NODE = 0, /* no step leads to the root */
    TRIE_NO_VALUE = -1,
    MAX_TRIE_NODES = 1 << 24
};

struct trie_edge {
    uint32_t key; /* parent node << 8 | byte */
    uint32_t child;
};

/* Zero it to begin. */
struct trie {
    struct trie_edge *edges; /* hash table, at most half full; child 0: a free slot */
    int32_t *values;         /* [n_nodes] */
    size_t n_slots;          /* a power of two */
    unsigned slot_shift;     /* 32 less its logarithm */
    size_t n_nodes;
    size_t node_capacity;
};

void trie_release(struct trie *trie);

/* A key that is there already gets the new value. `value` >= 0. STATUS_NO_MEMORY; STATUS_INVALID
 * where it would need more than MAX_TRIE_NODES. */
MUST_CHECK enum status trie_add(struct trie *trie, const char *key, size_t len_bytes,
                                int32_t value);

/* TRIE_NO_VALUE where the key is not there. */
int32_t trie_find(const struct trie *trie, const char *key, size_t len_bytes);

/* The node that `len_bytes` steps lead to; TRIE_NO_NODE where there is no such way (or no step). */
uint32_t trie_walk(const struct trie *trie, const char *key, size_t len_bytes);

static inline size_t trie_slot(const struct trie *trie, uint32_t key)
{
    /* 2^32 / golden ratio: the upper bits of the product are spread well, whatever the keys. */
    return (size_t)(key * 0x9e3779b1u >> trie->slot_shift);
}

/* The node after `byte`, or TRIE_NO_NODE. */
static inline uint32_t trie_step(const struct trie *trie, uint32_t node, unsigned char byte)
{
    uint32_t key = node << 8 | byte;

    if (trie->n_slots == 0)
        return TRIE_NO_NODE;
    for (size_t slot = trie_slot(trie, key);; slot = (slot + 1) & (trie->n_slots - 1)) {
        const struct trie_edge *edge = &trie->edges[slot];

        if (edge->key == key || edge->child == TRIE_NO_NODE)
            return edge->child;
    }
}

#endif
