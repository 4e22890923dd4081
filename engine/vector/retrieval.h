/* SPDX-License-Identifier: Apache-2.0 */

/* How well a query's documents were found, as sentence-transformers'
 * InformationRetrievalEvaluator counts it: a document is relevant or it is not. Pure; any thread.
 *
 *   accuracy@k   1 if one of the first k is relevant
 *   precision@k  relevant ones among the first k, of k
 *   recall@k     the same, of all that are relevant
 *   ndcg@k       the sum of 1 / log2(1 + rank) over the relevant ones among the first k, of the
 *                most that it could be (Jarvelin and Kekalainen, 2002, with gains of 1)
 *   mrr@k        1 / rank of the first relevant one, 0 beyond k
 *   map@k        precision at the rank of each relevant one among the first k, summed, of
 *                min(k, all that are relevant) */
#ifndef NESTD_ENGINE_VECTOR_RETRIEVAL_H
#define NESTD_ENGINE_VECTOR_RETRIEVAL_H

#include <stdbool.h>
#include <stddef.h>

/* In the order in which that evaluator lists them. */
enum retrieval_metric {
    RETRIEVAL_ACCURACY_1,
    RETRIEVAL_ACCURACY_3,
    RETRIEVAL_ACCURACY_5,
    RETRIEVAL_ACCURACY_10,
    RETRIEVAL_PRECISION_1,
    RETRIEVAL_PRECISION_3,
    RETRIEVAL_PRECISION_5,
    RETRIEVAL_PRECISION_10,
    RETRIEVAL_RECALL_1,
    RETRIEVAL_RECALL_3,
    RETRIEVAL_RECALL_5,
    RETRIEVAL_RECALL_10,
    RETRIEVAL_NDCG_10,
    RETRIEVAL_MRR_10,
    RETRIEVAL_MAP_100,
    N_RETRIEVAL_METRICS,
};

/* So many hits of a query are looked at. */
enum { RETRIEVAL_DEPTH = 100 };

/* "accuracy@1" */
const char *retrieval_metric_name(enum retrieval_metric metric);

/* is_relevant[n_hits]: of the hits in order, the best first; more than RETRIEVAL_DEPTH change
 * nothing. n_relevant, at least 1: all that are relevant, found or not. ret_values:
 * [N_RETRIEVAL_METRICS]. */
void retrieval_measure(const bool *is_relevant, size_t n_hits, size_t n_relevant,
                       double *ret_values);

#endif
