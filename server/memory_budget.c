/* SPDX-License-Identifier: Apache-2.0 */
#include "server/memory_budget.h"

#include <stdint.h>

/* What the budget may be filled up to by a request that then holds so many bytes. */
static size_t find_ceiling(size_t limit_bytes, size_t held_bytes)
{
    if (held_bytes <= MEMORY_SMALL_BYTES)
        return limit_bytes;
    return limit_bytes - limit_bytes / MEMORY_SMALL_PART;
}

static bool refuse(size_t held_bytes, size_t limit_bytes, struct fault *ret_fault)
{
    size_t ceiling = find_ceiling(limit_bytes, held_bytes);

    if (held_bytes > ceiling)
        return fault_set(ret_fault, PROBLEM_PAYLOAD_TOO_LARGE, NULL,
                         "This request needs at least %zu bytes of memory, but one request may "
                         "have at most %zu (--memory-limit): send it in parts",
                         held_bytes, ceiling);
    return fault_set(ret_fault, PROBLEM_OVERLOADED, NULL,
                     "The requests at hand fill the %zu bytes of memory that they may have "
                     "together (--memory-limit): try again after the time that Retry-After names",
                     limit_bytes);
}

static void raise_peak(struct memory_budget *budget, size_t used_bytes)
{
    size_t peak_bytes = atomic_load(&budget->peak_bytes);

    while (peak_bytes < used_bytes &&
           !atomic_compare_exchange_weak(&budget->peak_bytes, &peak_bytes, used_bytes))
        ;
}

bool memory_take(struct memory_claim *claim, size_t n_bytes, struct fault *ret_fault)
{
    struct memory_budget *budget = claim ? claim->budget : NULL;
    size_t limit_bytes = budget ? atomic_load(&budget->limit_bytes) : 0;
    size_t held_bytes, used_bytes;

    if (!budget)
        return true;
    if (__builtin_add_overflow(claim->held_bytes, n_bytes, &held_bytes))
        held_bytes = SIZE_MAX;
    used_bytes = atomic_load(&budget->used_bytes);
    do {
        size_t ceiling = limit_bytes ? find_ceiling(limit_bytes, held_bytes) : SIZE_MAX;

        if (used_bytes > ceiling || n_bytes > ceiling - used_bytes)
            return refuse(held_bytes, limit_bytes, ret_fault);
    } while (!atomic_compare_exchange_weak(&budget->used_bytes, &used_bytes, used_bytes + n_bytes));
    claim->held_bytes = held_bytes;
    raise_peak(budget, used_bytes + n_bytes);
    return true;
}

void memory_give(struct memory_claim *claim, size_t n_bytes)
{
    if (!claim || !claim->budget)
        return;
    atomic_fetch_sub(&claim->budget->used_bytes, n_bytes);
    claim->held_bytes -= n_bytes;
}

void memory_claim_release(struct memory_claim *claim)
{
    if (claim)
        memory_give(claim, claim->held_bytes);
}
