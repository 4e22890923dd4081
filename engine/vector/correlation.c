/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vector/correlation.h"

#include <math.h>
#include <stdlib.h>

static double weight_of(const uint32_t *weights, size_t i)
{
    return weights ? weights[i] : 1;
}

static double mean_of(const double *x, const uint32_t *weights, size_t n)
{
    double sum = 0;
    double n_counted = 0;

    for (size_t i = 0; i < n; i++) {
        sum += weight_of(weights, i) * x[i];
        n_counted += weight_of(weights, i);
    }
    return sum / n_counted;
}

double correlation_pearson(const double *x, const double *y, const uint32_t *weights, size_t n)
{
    double x_mean = mean_of(x, weights, n);
    double y_mean = mean_of(y, weights, n);
    double xx = 0;
    double yy = 0;
    double xy = 0;
    double r;

    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - x_mean;
        double dy = y[i] - y_mean;

        xx += weight_of(weights, i) * dx * dx;
        yy += weight_of(weights, i) * dy * dy;
        xy += weight_of(weights, i) * dx * dy;
    }
    r = xy / (sqrt(xx) * sqrt(yy));
    return isnan(r) ? (double)NAN : fmin(fmax(r, -1), 1);
}

struct entry {
    double value;
    size_t position;
};

static int compare(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->position > y->position) - (x->position < y->position);
}

static void find_groups(struct rank_order *order, const struct entry *entries)
{
    for (size_t i = 0; i < order->n; i++) {
        order->order[i] = entries[i].position;
        if (i + 1 == order->n || entries[i].value != entries[i + 1].value)
            order->ends[order->n_groups++] = i + 1;
    }
}

enum status rank_order_init(struct rank_order *ret_order, const double *values, size_t n)
{
    struct entry *entries = calloc(n + 1, sizeof *entries);

    *ret_order = (struct rank_order){
        .order = calloc(n + 1, sizeof *ret_order->order),
        .ends = calloc(n + 1, sizeof *ret_order->ends),
        .n = n,
    };
    if (!entries || !ret_order->order || !ret_order->ends) {
        free(entries);
        rank_order_release(ret_order);
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < n; i++)
        entries[i] = (struct entry){values[i], i};
    qsort(entries, n, sizeof *entries, compare);
    find_groups(ret_order, entries);
    free(entries);
    return STATUS_OK;
}

void rank_order_release(struct rank_order *order)
{
    free(order->order);
    free(order->ends);
    *order = (struct rank_order){0};
}

void rank_order_find(const struct rank_order *order, const uint32_t *weights, double *ret_ranks)
{
    double n_before = 0;
    size_t start = 0;

    for (size_t g = 0; g < order->n_groups; g++) {
        double n_here = 0;

        for (size_t i = start; i < order->ends[g]; i++)
            n_here += weight_of(weights, order->order[i]);
        for (size_t i = start; i < order->ends[g]; i++)
            ret_ranks[order->order[i]] = n_before + (n_here + 1) / 2;
        n_before += n_here;
        start = order->ends[g];
    }
}
