/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void measure_query(const struct dataset *dataset, size_t query, const struct hit *hits,
                          size_t n_hits, double *ret_values)
{
    bool is_relevant[RETRIEVAL_DEPTH];

    for (size_t i = 0; i < n_hits; i++)
        is_relevant[i] = dataset_is_relevant(dataset, query, hits[i].number);
    retrieval_measure(is_relevant, n_hits, dataset->n_relevant[query], ret_values);
}

/* values: [n queries, N_RETRIEVAL_METRICS] */
static enum status sample_means(const double *values, size_t n, const struct resampling *resampling,
                                struct sample *ret_sample)
{
    double *resampled = calloc(resampling->n_resamples, N_RETRIEVAL_METRICS * sizeof *resampled);
    enum status status;

    if (!resampled)
        return STATUS_NO_MEMORY;
    *ret_sample = (struct sample){.resampled = resampled};
    for (size_t i = 0; i < n * N_RETRIEVAL_METRICS; i++)
        ret_sample->values[i % N_RETRIEVAL_METRICS] += values[i] / (double)n;
    status = bootstrap_means(values, n, N_RETRIEVAL_METRICS, resampling->seed,
                             resampling->n_resamples, resampled);
    if (status)
        free(resampled);
    return status;
}

enum status measure_retrieval(const struct dataset *dataset, const struct vectors *queries,
                              const struct vectors *documents, enum vector_format format,
                              enum similarity similarity, const struct resampling *resampling,
                              struct sample *ret_sample)
{
    size_t depth = documents->n < RETRIEVAL_DEPTH ? documents->n : RETRIEVAL_DEPTH;
    struct hit *hits = calloc(queries->n, depth * sizeof *hits);
    double *values = calloc(queries->n, N_RETRIEVAL_METRICS * sizeof *values);
    enum status status = STATUS_NO_MEMORY;

    if (hits && values)
        status = scoring_rank(queries, documents, format, similarity, depth, hits);
    for (size_t q = 0; q < queries->n && !status; q++)
        measure_query(dataset, q, hits + q * depth, depth, values + q * N_RETRIEVAL_METRICS);
    if (!status)
        status = sample_means(values, queries->n, resampling, ret_sample);
    free(hits);
    free(values);
    return status;
}

struct figure measure_figure(const struct sample *sample, const struct sample *full, size_t i,
                             const struct resampling *resampling, double *scratch)
{
    size_t n = resampling->n_resamples;
    const double *own = sample->resampled + i * n;
    struct figure figure = {
        .value = sample->values[i],
        .difference = sample->values[i] - full->values[i],
    };

    memcpy(scratch, own, n * sizeof *own);
    figure.interval = bootstrap_interval(scratch, n, resampling->confidence);
    for (size_t r = 0; r < n; r++)
        scratch[r] = own[r] - full->resampled[i * n + r];
    figure.difference_interval = bootstrap_interval(scratch, n, resampling->confidence);
    return figure;
}

double measure_share(const struct sample *sample, const struct sample *full, size_t i, double part,
                     size_t n_resamples)
{
    const double *own = sample->resampled + i * n_resamples;
    const double *whole = full->resampled + i * n_resamples;
    size_t n_kept = 0;

    for (size_t r = 0; r < n_resamples; r++)
        n_kept += own[r] >= part * whole[r];
    return (double)n_kept / (double)n_resamples;
}
