/* SPDX-License-Identifier: Apache-2.0 */

/* Which two tokens merge to which, and which goes first: a hash table, read-only once filled. */
#ifndef NESTD_ENGINE_TOKENIZER_WORDS_MERGES_H
#define NESTD_ENGINE_TOKENIZER_WORDS_MERGES_H

#include "engine/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct merge {
    int32_t left;
    int32_t right;
    uint32_t rank; /* lower goes first */
    int32_t id;    /* what they merge to */
};

enum { MAX_MERGES = 1 << 22, MERGE_FREE = -1 };
#define NO_RANK UINT32_MAX

/* Zero it to begin. */
struct merges {
    struct merge *slots; /* [n_slots], at most half full; left MERGE_FREE: a free one */
    size_t n_slots;      /* a power of two */
};

void merges_release(struct merges *merges);

/* Makes room for n merges, n <= MAX_MERGES. STATUS_NO_MEMORY. */
MUST_CHECK enum status merges_init(struct merges *merges, size_t n);

/* Adds one; of two with the same pair the last stays, as officially. */
void merges_add(struct merges *merges, const struct merge *merge);

static inline size_t merges_slot(const struct merges *merges, int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;

    /* 2^64 / golden ratio; the upper bits are spread best. */
    return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (merges->n_slots - 1);
}

/* The merge of a pair, or one whose rank is NO_RANK. */
static inline const struct merge *merges_find(const struct merges *merges, int32_t left,
                                              int32_t right)
{
    static const struct merge none = {MERGE_FREE, MERGE_FREE, NO_RANK, MERGE_FREE};

    for (size_t slot = merges_slot(merges, left, right);;
         slot = (slot + 1) & (merges->n_slots - 1)) {
        const struct merge *merge = &merges->slots[slot];

        if (merge->left == MERGE_FREE)
            return &none;
        if (merge->left == left && merge->right == right)
            return merge;
    }
}

#endif
