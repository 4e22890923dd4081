/* SPDX-License-Identifier: Apache-2.0 */

/* How far a mean or a correlation over a sample can be trusted: the bootstrap with percentile
 * intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 13; for
 * measures over queries: Sakai, SIGIR 2006). A sample of n is drawn again n at a time with
 * replacement; the figure is computed for each draw; an interval is what lies between two of its
 * percentiles. With the same seed and n every figure is drawn alike, so differences of two figures
 * are paired. Pure; any thread. */
#ifndef NESTD_ENGINE_VECTOR_BOOTSTRAP_H
#define NESTD_ENGINE_VECTOR_BOOTSTRAP_H

#include "engine/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* The i_draw-th number of the stream, in [0, n), n below 2^32: n times the high 32 bits of
 * splitmix64's i_draw-th output, over 2^32 (Steele, Lea and Flood, OOPSLA 2014). Resample r of n
 * things is the draws r n to r n + n - 1. */
size_t bootstrap_draw(uint64_t seed, uint64_t i_draw, size_t n);

/* Of values[n, n_columns]: the mean of each column over each resample,
 * ret_means[n_columns, n_resamples]. STATUS_NO_MEMORY. */
MUST_CHECK enum status bootstrap_means(const double *values, size_t n, size_t n_columns,
                                       uint64_t seed, size_t n_resamples, double *ret_means);

struct interval {
    double low;
    double high;
};

/* Between the percentiles (100 - confidence) / 2 and (100 + confidence) / 2 of figures[n], which
 * are sorted in place; between two of them it interpolates linearly. `confidence`: 95 for 95 %. */
struct interval bootstrap_interval(double *figures, size_t n, double confidence);

#endif
