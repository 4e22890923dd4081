/* SPDX-License-Identifier: Apache-2.0 */

/* A Prometheus histogram: counts of observations up to each bound, their number and their sum.
 * Lock-free; any thread. Observations are whole numbers (microseconds, tokens), whose sum is exact;
 * they are divided by `unit` when written. */
#ifndef NESTD_SERVER_TEXT_HISTOGRAM_H
#define NESTD_SERVER_TEXT_HISTOGRAM_H

#include "server/text/buffer.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_MAX_BOUNDS = 24 };

/* Set bounds, n_bounds and unit; zero the rest. */
struct histogram {
    const int64_t *bounds; /* [n_bounds], ascending */
    size_t n_bounds;
    int64_t unit; /* 1, or 1000000 for microseconds written as seconds */

    /* Each observation is counted in one of these; the last is for values above all bounds. */
    atomic_uint_least64_t counts[HISTOGRAM_MAX_BOUNDS + 1];
    atomic_uint_least64_t sum;
};

/* A negative value counts as 0. */
void histogram_observe(struct histogram *histogram, int64_t value);

/* The same, n times. */
void histogram_observe_times(struct histogram *histogram, int64_t value, uint64_t n);

/* Adds the observations of another with the same bounds. */
void histogram_add(struct histogram *histogram, const struct histogram *other);

/* Writes all lines of this name except HELP and TYPE. `labels` are those beside "le", as they stand
 * between braces; "" for none. */
void histogram_write(struct histogram *histogram, const char *name, const char *labels,
                     struct buffer *buffer);

#endif
