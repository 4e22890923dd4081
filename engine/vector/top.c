/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vector/top.h"

#include <stdbool.h>

static bool is_worse(struct hit a, struct hit b)
{
    return a.score != b.score ? a.score < b.score : a.number > b.number;
}

/* Moves hits[at] down until neither of the two below it is worse. */
static void sift_down(struct hit *hits, size_t n_hits, size_t at)
{
    struct hit moved = hits[at];

    for (;;) {
        size_t below = 2 * at + 1;

        if (below + 1 < n_hits && is_worse(hits[below + 1], hits[below]))
            below++;
        if (below >= n_hits || !is_worse(hits[below], moved))
            break;
        hits[at] = hits[below];
        at = below;
    }
    hits[at] = moved;
}

static void sift_up(struct hit *hits, size_t at)
{
    struct hit moved = hits[at];

    while (at > 0 && is_worse(moved, hits[(at - 1) / 2])) {
        hits[at] = hits[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    hits[at] = moved;
}

void top_offer(struct top *top, float score, uint32_t number)
{
    struct hit hit = {score, number};

    if (top->n_hits < top->max_hits) {
        top->hits[top->n_hits] = hit;
        sift_up(top->hits, top->n_hits++);
    } else if (is_worse(top->hits[0], hit)) {
        top->hits[0] = hit;
        sift_down(top->hits, top->n_hits, 0);
    }
}

void top_sort(struct top *top)
{
    for (size_t n = top->n_hits; n > 1; n--) {
        struct hit worst = top->hits[0];

        top->hits[0] = top->hits[n - 1];
        top->hits[n - 1] = worst;
        sift_down(top->hits, n - 1, 0);
    }
}
