/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/words/merges.h"

#include "engine/base/memory.h"

#include <stdlib.h>

void merges_release(struct merges *merges)
{
    free(merges->slots);
    *merges = (struct merges){0};
}

enum status merges_init(struct merges *merges, size_t n)
{
    size_t n_slots = 16;

    while (n_slots < 2 * n)
        n_slots *= 2;
    merges->slots = reallocarray(NULL, n_slots, sizeof *merges->slots);
    if (!merges->slots)
        return STATUS_NO_MEMORY;
    merges->n_slots = n_slots;
    for (size_t i = 0; i < n_slots; i++)
        merges->slots[i].left = MERGE_FREE;
    return STATUS_OK;
}

void merges_add(struct merges *merges, const struct merge *merge)
{
    size_t slot = merges_slot(merges, merge->left, merge->right);

    while (merges->slots[slot].left != MERGE_FREE &&
           (merges->slots[slot].left != merge->left || merges->slots[slot].right != merge->right))
        slot = (slot + 1) & (merges->n_slots - 1);
    merges->slots[slot] = *merge;
}
