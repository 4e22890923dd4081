/* SPDX-License-Identifier: Apache-2.0 */
#include "server/text/memory_budget.h"

#include <stdint.h>

/* Up to where a request that would then hold this many bytes may fill the budget. */
static size_t find_ceiling(size_t limit_bytes, size_t held_bytes)
{
    if (limit_bytes == 0)
        return SIZE_MAX;
    if (held_bytes <= MEMORY_SMALL_BYTES)
        return limit_bytes;
    return limit_bytes - limit_bytes / MEMORY_SMALL_PART;
}

bool memory_is_refused(const struct memory_claim *claim)
{
    return claim->refused_bytes > 0;
}

size_t memory_find_ceiling(const struct memory_claim *claim)
{
    return find_ceiling(atomic_load(&claim->budget->limit_bytes), claim->refused_bytes);
}

static void raise_peak(struct memory_budget *budget, size_t used_bytes)
{
    size_t peak_bytes = atomic_load(&budget->peak_bytes);

    while (peak_bytes < used_bytes &&
           !atomic_compare_exchange_weak(&budget->peak_bytes, &peak_bytes, used_bytes))
        ;
}

/* Makes the claim hold n_bytes more. */
static bool hold(struct memory_claim *claim, size_t n_bytes)
{
    struct memory_budget *budget = claim->budget;
    size_t limit_bytes = atomic_load(&budget->limit_bytes);
    size_t used_bytes = atomic_load(&budget->used_bytes);
    size_t held_bytes, ceiling;

    if (__builtin_add_overflow(claim->held_bytes, n_bytes, &held_bytes))
        held_bytes = SIZE_MAX;
    ceiling = find_ceiling(limit_bytes, held_bytes);
    do {
        if (used_bytes > ceiling || n_bytes > ceiling - used_bytes) {
            claim->refused_bytes = held_bytes;
            return false;
        }
    } while (!atomic_compare_exchange_weak(&budget->used_bytes, &used_bytes, used_bytes + n_bytes));
    claim->held_bytes = held_bytes;
    raise_peak(budget, used_bytes + n_bytes);
    return true;
}

bool memory_take(struct memory_claim *claim, size_t n_bytes)
{
    size_t n_reserved;

    if (!claim || !claim->budget)
        return true;
    n_reserved = n_bytes < claim->reserved_bytes ? n_bytes : claim->reserved_bytes;
    if (!hold(claim, n_bytes - n_reserved))
        return false;
    claim->reserved_bytes -= n_reserved;
    return true;
}

void memory_give(struct memory_claim *claim, size_t n_bytes)
{
    if (!claim || !claim->budget)
        return;
    claim->held_bytes -= n_bytes;
    atomic_fetch_sub(&claim->budget->used_bytes, n_bytes);
}

bool memory_set_reserve(struct memory_claim *claim, size_t n_bytes)
{
    if (!claim || !claim->budget)
        return true;
    if (n_bytes < claim->reserved_bytes)
        memory_give(claim, claim->reserved_bytes - n_bytes);
    else if (!hold(claim, n_bytes - claim->reserved_bytes))
        return false;
    claim->reserved_bytes = n_bytes;
    return true;
}

void memory_claim_release(struct memory_claim *claim)
{
    if (!claim)
        return;
    memory_give(claim, claim->held_bytes);
    claim->reserved_bytes = 0;
}
