/* SPDX-License-Identifier: Apache-2.0 */

/* The limit on the memory of all requests together (promise 13): bodies, also while they arrive,
 * JSON trees, tokens, vectors and replies. Bytes are taken before they are allocated and given back
 * after they are freed. Nothing here waits.
 *
 * Any thread may use a budget. A claim is what one request holds; only the owner of the request
 * touches it. Every function takes a NULL claim, which has no limit. */
#ifndef NESTD_SERVER_TEXT_MEMORY_BUDGET_H
#define NESTD_SERVER_TEXT_MEMORY_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    /* Only a request that holds no more than this may use the last part of the budget, so that a
     * line of text is answered while large bodies fill the rest. */
    MEMORY_SMALL_BYTES = 512 << 10,
    MEMORY_SMALL_PART = 16, /* that last part is 1/16 */
};

/* Zeroed: no limit. */
struct memory_budget {
    atomic_size_t limit_bytes; /* 0: no limit */
    atomic_size_t used_bytes;
    atomic_size_t peak_bytes; /* the maximum of used_bytes so far */
};

/* Zeroed: holds nothing, and counts nothing. */
struct memory_claim {
    struct memory_budget *budget; /* NULL: nothing is counted */
    size_t held_bytes;
    size_t reserved_bytes; /* the part of held_bytes that is not used yet */
    size_t refused_bytes;  /* what it would have held when it was last refused */
};

/* Takes n_bytes, first from those reserved. False: nothing was taken; from then on
 * memory_is_refused() is true, and api_error_of_memory() says why. */
bool memory_take(struct memory_claim *claim, size_t n_bytes);

/* Gives back n_bytes of those taken. */
void memory_give(struct memory_claim *claim, size_t n_bytes);

/* Sets how many bytes are reserved, so that taking them later cannot be refused. Reserving fewer
 * than before never fails. */
bool memory_set_reserve(struct memory_claim *claim, size_t n_bytes);

/* Gives everything back. */
void memory_claim_release(struct memory_claim *claim);

bool memory_is_refused(const struct memory_claim *claim);

/* The maximum that a request like the one that was refused may hold. */
size_t memory_find_ceiling(const struct memory_claim *claim);

#endif
