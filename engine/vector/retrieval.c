/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vector/retrieval.h"

#include <math.h>

enum kind { ACCURACY, PRECISION, RECALL, NDCG, MRR, MAP };

static const struct {
    const char *name;
    enum kind kind;
    size_t k;
} metrics[N_RETRIEVAL_METRICS] = {
    [RETRIEVAL_ACCURACY_1] = {"accuracy@1", ACCURACY, 1},
    [RETRIEVAL_ACCURACY_3] = {"accuracy@3", ACCURACY, 3},
    [RETRIEVAL_ACCURACY_5] = {"accuracy@5", ACCURACY, 5},
    [RETRIEVAL_ACCURACY_10] = {"accuracy@10", ACCURACY, 10},
    [RETRIEVAL_PRECISION_1] = {"precision@1", PRECISION, 1},
    [RETRIEVAL_PRECISION_3] = {"precision@3", PRECISION, 3},
    [RETRIEVAL_PRECISION_5] = {"precision@5", PRECISION, 5},
    [RETRIEVAL_PRECISION_10] = {"precision@10", PRECISION, 10},
    [RETRIEVAL_RECALL_1] = {"recall@1", RECALL, 1},
    [RETRIEVAL_RECALL_3] = {"recall@3", RECALL, 3},
    [RETRIEVAL_RECALL_5] = {"recall@5", RECALL, 5},
    [RETRIEVAL_RECALL_10] = {"recall@10", RECALL, 10},
    [RETRIEVAL_NDCG_10] = {"ndcg@10", NDCG, 10},
    [RETRIEVAL_MRR_10] = {"mrr@10", MRR, 10},
    [RETRIEVAL_MAP_100] = {"map@100", MAP, RETRIEVAL_DEPTH},
};

const char *retrieval_metric_name(enum retrieval_metric metric)
{
    return metrics[metric].name;
}

/* What the relevant ones among the first hits give. */
struct found {
    size_t n;
    size_t first_rank; /* 0: none */
    double gain;
    double precisions;
};

static struct found find(const bool *is_relevant, size_t n_hits)
{
    struct found found = {0};

    for (size_t i = 0; i < n_hits; i++) {
        double rank = (double)(i + 1);

        if (!is_relevant[i])
            continue;
        found.n++;
        if (found.first_rank == 0)
            found.first_rank = i + 1;
        found.gain += 1 / log2(rank + 1);
        found.precisions += (double)found.n / rank;
    }
    return found;
}

static double ideal_gain(size_t n)
{
    double gain = 0;

    for (size_t i = 0; i < n; i++)
        gain += 1 / log2((double)(i + 2));
    return gain;
}

static double measure(enum kind kind, size_t k, const bool *is_relevant, size_t n_hits,
                      size_t n_relevant)
{
    struct found found = find(is_relevant, n_hits < k ? n_hits : k);
    size_t n_possible = n_relevant < k ? n_relevant : k;

    switch (kind) {
    case ACCURACY:
        return found.n > 0;
    case PRECISION:
        return (double)found.n / (double)k;
    case RECALL:
        return (double)found.n / (double)n_relevant;
    case NDCG:
        return found.gain / ideal_gain(n_possible);
    case MRR:
        return found.first_rank ? 1 / (double)found.first_rank : 0;
    case MAP:
        return found.precisions / (double)n_possible;
    }
    return 0;
}

void retrieval_measure(const bool *is_relevant, size_t n_hits, size_t n_relevant,
                       double *ret_values)
{
    for (size_t i = 0; i < N_RETRIEVAL_METRICS; i++)
        ret_values[i] = measure(metrics[i].kind, metrics[i].k, is_relevant, n_hits, n_relevant);
}
