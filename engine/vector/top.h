/* SPDX-License-Identifier: Apache-2.0 */

/* The best of many scores, in a heap of bounded size (Williams, "Algorithm 232: Heapsort", CACM
 * 1964). Equal scores rank by number, the lower first, so the outcome does not depend on the order
 * in which they are offered. One owner. */
#ifndef NESTD_ENGINE_VECTOR_TOP_H
#define NESTD_ENGINE_VECTOR_TOP_H

#include <stddef.h>
#include <stdint.h>

struct hit {
    float score; /* larger is better; not NaN */
    uint32_t number;
};

/* The caller gives `hits` and `max_hits`, and zeroes the rest. */
struct top {
    struct hit *hits; /* [max_hits], n_hits in use, the worst of them first */
    size_t max_hits;  /* at least 1 */
    size_t n_hits;
};

/* Keeps it if it is among the max_hits best so far. */
void top_offer(struct top *top, float score, uint32_t number);

/* Puts the hits in order, the best first. Nothing more may be offered before n_hits is 0 again. */
void top_sort(struct top *top);

#endif
