/* SPDX-License-Identifier: Apache-2.0 */

/* Pearson's and Spearman's correlation of two rows of numbers, also of resamples of them: each pair
 * counts as often as its weight says. Pure; any thread. */
#ifndef NESTD_ENGINE_VECTOR_CORRELATION_H
#define NESTD_ENGINE_VECTOR_CORRELATION_H

#include "engine/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Of x[n] and y[n]; weights[n], or NULL where each pair counts once. NaN where there are fewer than
 * two pairs or all of a row are the same number, as SciPy has it. Sums run in double, in order. */
double correlation_pearson(const double *x, const double *y, const uint32_t *weights, size_t n);

/* The order of values[n], ascending: computed once, it gives ranks under any weights. */
struct rank_order {
    size_t *order; /* [n]: positions in `values`, the lowest value first */
    size_t *ends;  /* [n_groups]: where in `order` each group of equal values ends */
    size_t n;
    size_t n_groups;
};

/* STATUS_NO_MEMORY. The values are not NaN; they need not outlive the call. */
MUST_CHECK enum status rank_order_init(struct rank_order *ret_order, const double *values,
                                       size_t n);
void rank_order_release(struct rank_order *order); /* zeroed is allowed */

/* Ranks from 1; equal values share the mean of theirs. ret_ranks[n]; where a weight is 0 the rank
 * means nothing. weights[n], or NULL. */
void rank_order_find(const struct rank_order *order, const uint32_t *weights, double *ret_ranks);

#endif
