/* SPDX-License-Identifier: Apache-2.0 */

/* A histogram as Prometheus has it: counts of observations up to each bound, their number and their
 * sum. Lock-free; any thread. Observations are whole numbers (microseconds, tokens), which sum
 * without error; `unit` says by how much they are divided when written. */
#ifndef NESTD_SERVER_TEXT_HISTOGRAM_H
#define NESTD_SERVER_TEXT_HISTOGRAM_H

#include "server/text/buffer.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_MAX_BOUNDS = 24 };

/* Zeroed but for bounds, n_bounds and unit. */
struct histogram {
    const int64_t *bounds; /* [n_bounds], ascending */
    size_t n_bounds;
    int64_t unit; /* 1, or 1000000 for microseconds written as seconds */

    /* Each observation is counted in one of them; the last is for what is above all bounds. */
    atomic_uint_least64_t counts[HISTOGRAM_MAX_BOUNDS + 1];
    atomic_uint_least64_t sum;
};

/* One that is negative counts as 0. */
void histogram_observe(struct histogram *histogram, int64_t value);

/* The name's lines but for HELP and TYPE. */
void histogram_write(struct histogram *histogram, const char *name, struct buffer *buffer);

#endif
