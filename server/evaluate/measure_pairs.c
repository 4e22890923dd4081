/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row of numbers, its order, and room for its ranks. */
struct ranked {
    const double *values; /* [n] */
    struct rank_order order;
    double *ranks; /* [n] */
};

static enum status ranked_init(struct ranked *ret_ranked, const double *values, size_t n)
{
    double *ranks = calloc(n, sizeof *ranks);
    enum status status = ranks ? rank_order_init(&ret_ranked->order, values, n) : STATUS_NO_MEMORY;

    if (status)
        free(ranks);
    else {
        ret_ranked->values = values;
        ret_ranked->ranks = ranks;
    }
    return status;
}

static void ranked_release(struct ranked *ranked)
{
    rank_order_release(&ranked->order);
    free(ranked->ranks);
}

/* What is correlated: people's scores with those of the vectors, by each similarity. */
struct correlating {
    size_t n;
    double *close;     /* [N_SIMILARITIES, n] */
    uint32_t *weights; /* [n] */
    struct ranked people;
    struct ranked vectors[N_SIMILARITIES];
};

static void correlating_release(struct correlating *correlating)
{
    ranked_release(&correlating->people);
    for (size_t s = 0; s < N_SIMILARITIES; s++)
        ranked_release(&correlating->vectors[s]);
    free(correlating->close);
    free(correlating->weights);
}

static enum status correlating_init(struct correlating *correlating, const double *scores,
                                    const struct vectors *left, const struct vectors *right,
                                    enum vector_format format)
{
    size_t n = left->n;
    enum status status;

    *correlating = (struct correlating){
        .n = n,
        .close = calloc(n, N_SIMILARITIES * sizeof(double)),
        .weights = calloc(n, sizeof(uint32_t)),
    };
    if (!correlating->close || !correlating->weights)
        return STATUS_NO_MEMORY;
    status = ranked_init(&correlating->people, scores, n);
    for (size_t s = 0; s < N_SIMILARITIES && !status; s++) {
        double *close = correlating->close + s * n;

        status = scoring_compare(left, right, format, (enum similarity)s, close);
        if (!status)
            status = ranked_init(&correlating->vectors[s], close, n);
    }
    return status;
}

/* N_CORRELATIONS figures, each to its place in ret_values, `stride` apart. */
static void correlate(struct correlating *correlating, const uint32_t *weights, size_t stride,
                      double *ret_values)
{
    struct ranked *people = &correlating->people;

    rank_order_find(&people->order, weights, people->ranks);
    for (size_t s = 0; s < N_SIMILARITIES; s++) {
        struct ranked *vectors = &correlating->vectors[s];

        rank_order_find(&vectors->order, weights, vectors->ranks);
        ret_values[2 * s * stride] =
            correlation_pearson(people->values, vectors->values, weights, correlating->n);
        ret_values[(2 * s + 1) * stride] =
            correlation_pearson(people->ranks, vectors->ranks, weights, correlating->n);
    }
}

/* A resample in which one side does not vary says nothing: it counts as no correlation. */
static void resample(struct correlating *correlating, const struct resampling *resampling,
                     double *ret_resampled)
{
    size_t n = correlating->n;
    size_t n_resamples = resampling->n_resamples;

    for (size_t r = 0; r < n_resamples; r++) {
        memset(correlating->weights, 0, n * sizeof *correlating->weights);
        for (size_t i = 0; i < n; i++)
            correlating->weights[bootstrap_draw(resampling->seed, (uint64_t)r * n + i, n)]++;
        correlate(correlating, correlating->weights, n_resamples, ret_resampled + r);
    }
    for (size_t i = 0; i < N_CORRELATIONS * n_resamples; i++)
        ret_resampled[i] = isnan(ret_resampled[i]) ? 0 : ret_resampled[i];
}

enum status measure_pairs(const double *scores, const struct vectors *left,
                          const struct vectors *right, enum vector_format format,
                          const struct resampling *resampling, struct sample *ret_sample)
{
    double *resampled = calloc(resampling->n_resamples, N_CORRELATIONS * sizeof *resampled);
    struct correlating correlating = {0};
    enum status status =
        resampled ? correlating_init(&correlating, scores, left, right, format) : STATUS_NO_MEMORY;

    if (status)
        free(resampled);
    else {
        *ret_sample = (struct sample){.resampled = resampled};
        correlate(&correlating, NULL, 1, ret_sample->values);
        resample(&correlating, resampling, resampled);
    }
    correlating_release(&correlating);
    return status;
}
