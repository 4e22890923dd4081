/* SPDX-License-Identifier: Apache-2.0 */

/* The figures of one size and format of vectors, with what they are worth: each comes with the same
 * figure of many resamples (engine/vector/bootstrap.h), drawn alike for all sizes and formats, so
 * that differences are paired over queries. Pure; any thread. */
#ifndef NESTD_SERVER_EVALUATE_MEASURE_H
#define NESTD_SERVER_EVALUATE_MEASURE_H

#include "server/evaluate/data/dataset.h"
#include "server/evaluate/scoring.h"

enum { MAX_FIGURES = N_RETRIEVAL_METRICS, N_CORRELATIONS = 2 * N_SIMILARITIES };

struct resampling {
    size_t n_resamples;
    uint64_t seed;
    double confidence; /* in percent */
};

/* Zeroed: none. The caller frees `resampled`. */
struct sample {
    double values[MAX_FIGURES]; /* NaN where a correlation has no meaning */
    double *resampled;          /* [n_figures, n_resamples] */
};

/* The means over queries of each retrieval metric. STATUS_NO_MEMORY. */
MUST_CHECK enum status measure_retrieval(const struct dataset *dataset,
                                         const struct vectors *queries,
                                         const struct vectors *documents, enum vector_format format,
                                         enum similarity similarity,
                                         const struct resampling *resampling,
                                         struct sample *ret_sample);

/* Pearson's and Spearman's correlation, by each similarity in turn, of scores[n pairs] with how close
 * the vectors are: N_CORRELATIONS figures. STATUS_NO_MEMORY. */
MUST_CHECK enum status measure_pairs(const double *scores, const struct vectors *left,
                                     const struct vectors *right, enum vector_format format,
                                     const struct resampling *resampling,
                                     struct sample *ret_sample);

struct figure {
    double value;
    struct interval interval;
    double difference; /* value less that of full size */
    struct interval difference_interval;
};

/* Of figure number i of a sample and of the one of full size; `scratch`: [n_resamples]. */
struct figure measure_figure(const struct sample *sample, const struct sample *full, size_t i,
                             const struct resampling *resampling, double *scratch);

/* The share of resamples in which figure number i kept at least `part` of full size's. */
double measure_share(const struct sample *sample, const struct sample *full, size_t i, double part,
                     size_t n_resamples);

#endif
