/* SPDX-License-Identifier: Apache-2.0 */

/* The one bound over what requests hold in memory (promise 13): bodies, also those that are still
 * arriving, trees of JSON, tokens, vectors and replies. Bytes are taken before they are allocated,
 * and given back once they are freed; nobody waits for any.
 *
 * A budget may be asked on any thread. A claim is what one request holds: its owner's alone. */
#ifndef NESTD_SERVER_MEMORY_BUDGET_H
#define NESTD_SERVER_MEMORY_BUDGET_H

#include "server/fault.h"

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
};

/* Takes so many bytes; a claim that is NULL has no limit. False: nothing was taken, and the fault
 * says that the server is full, or that no request may hold as much. */
bool memory_take(struct memory_claim *claim, size_t n_bytes, struct fault *ret_fault);

/* Gives so many back, of those that are held. */
void memory_give(struct memory_claim *claim, size_t n_bytes);

/* Gives all back. */
void memory_claim_release(struct memory_claim *claim);

#endif
