/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vector/bootstrap.h"

#include "engine/base/memory.h"

#include <stdlib.h>

size_t bootstrap_draw(uint64_t seed, uint64_t i_draw, size_t n)
{
    uint64_t z = seed + (i_draw + 1) * 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (size_t)(((z >> 32) * n) >> 32);
}

enum status bootstrap_means(const double *values, size_t n, size_t n_columns, uint64_t seed,
                            size_t n_resamples, double *ret_means)
{
    double *sums = calloc(n_columns, sizeof *sums);

    if (!sums)
        return STATUS_NO_MEMORY;
    for (size_t r = 0; r < n_resamples; r++) {
        for (size_t c = 0; c < n_columns; c++)
            sums[c] = 0;
        for (size_t i = 0; i < n; i++) {
            const double *row = values + bootstrap_draw(seed, (uint64_t)r * n + i, n) * n_columns;

            for (size_t c = 0; c < n_columns; c++)
                sums[c] += row[c];
        }
        for (size_t c = 0; c < n_columns; c++)
            ret_means[c * n_resamples + r] = sums[c] / (double)n;
    }
    free(sums);
    return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of what is sorted; definition 7 of Hyndman and Fan, The American Statistician 1996. */
static double percentile(const double *sorted, size_t n, double percent)
{
    double at = (double)(n - 1) * percent / 100;
    size_t below = (size_t)at;

    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

struct interval bootstrap_interval(double *figures, size_t n, double confidence)
{
    struct interval interval;

    qsort(figures, n, sizeof *figures, compare);
    interval.low = percentile(figures, n, (100 - confidence) / 2);
    interval.high = percentile(figures, n, (100 + confidence) / 2);
    return interval;
}
