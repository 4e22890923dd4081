/* SPDX-License-Identifier: Apache-2.0 */

/* The one bound over what requests hold in memory (promise 13): bodies, also those that are still
 * arriving, trees of JSON, tokens, vectors and replies. Bytes are taken before they are allocated,
 * and given back once they are freed; nobody waits for any.
 *
 * A budget may be asked on any thread. A claim is what one request holds: its owner's alone; where
 * one is asked for it may be NULL, which has no limit. */
#ifndef NESTD_SERVER_TEXT_MEMORY_BUDGET_H
#define NESTD_SERVER_TEXT_MEMORY_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    /* A request that holds no more than this may take of the last part of the budget, where those
     * that hold more may not: so a line of text is answered while large bodies fill the rest. */
    MEMORY_SMALL_BYTES = 512 << 10,
    MEMORY_SMALL_PART = 16, /* one in so many bytes is kept for them */
};

/* Zeroed: no limit. */
struct memory_budget {
    atomic_size_t limit_bytes; /* 0: none */
    atomic_size_t used_bytes;
    atomic_size_t peak_bytes; /* the most that was ever used at once */
};

/* Zeroed: nothing is held, and nothing is counted. */
struct memory_claim {
    struct memory_budget *budget; /* NULL: none that counts */
    size_t held_bytes;
    size_t reserved_bytes; /* of those: for what is taken later */
    size_t refused_bytes;  /* what it would have held when it was last refused */
};

/* Takes so many bytes, of those reserved first. False: nothing was taken; memory_is_refused() from
 * then on, and api_error_of_memory() tells why. */
bool memory_take(struct memory_claim *claim, size_t n_bytes);

/* Gives so many back, of those that were taken. */
void memory_give(struct memory_claim *claim, size_t n_bytes);

/* Has just so many reserved for what will be taken later, so that it cannot be refused then. Fewer
 * than before is never refused. */
bool memory_set_reserve(struct memory_claim *claim, size_t n_bytes);

/* Gives everything back. */
void memory_claim_release(struct memory_claim *claim);

bool memory_is_refused(const struct memory_claim *claim);

/* The most that a request like the one that was refused may hold. */
size_t memory_find_ceiling(const struct memory_claim *claim);

#endif
