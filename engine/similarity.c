/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/similarity.h"

#include <math.h>
#include <string.h>

static const char *const names[] = {
    [SIMILARITY_COSINE] = "cosine",
    [SIMILARITY_DOT] = "dot",
    [SIMILARITY_EUCLIDEAN] = "euclidean",
    [SIMILARITY_MANHATTAN] = "manhattan",
};
enum { N_NAMES = sizeof names / sizeof *names };

const char *similarity_name(enum similarity similarity)
{
    return names[similarity];
}

bool similarity_parse(const char *name, enum similarity *ret_similarity)
{
    for (unsigned i = 0; i < N_NAMES; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_similarity = (enum similarity)i;
            return true;
        }
    }
    return false;
}

static double dot(const float *a, const float *b, size_t n_dims)
{
    double sum = 0;

    for (size_t i = 0; i < n_dims; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* At least what torch.nn.functional.normalize divides by, so that a zero vector's cosine is 0. */
static double norm(const float *a, size_t n_dims)
{
    return fmax(sqrt(dot(a, a, n_dims)), 1e-12);
}

static double euclidean(const float *a, const float *b, size_t n_dims)
{
    double sum = 0;

    for (size_t i = 0; i < n_dims; i++) {
        double difference = (double)a[i] - (double)b[i];

        sum += difference * difference;
    }
    return sqrt(sum);
}

static double manhattan(const float *a, const float *b, size_t n_dims)
{
    double sum = 0;

    for (size_t i = 0; i < n_dims; i++)
        sum += fabs((double)a[i] - (double)b[i]);
    return sum;
}

float similarity_score(enum similarity similarity, const float *a, const float *b, size_t n_dims)
{
    switch (similarity) {
    case SIMILARITY_COSINE:
        return (float)(dot(a, b, n_dims) / (norm(a, n_dims) * norm(b, n_dims)));
    case SIMILARITY_DOT:
        return (float)dot(a, b, n_dims);
    case SIMILARITY_EUCLIDEAN: /* 0 - x, since -x of equal vectors would be written "-0.0" */
        return (float)(0 - euclidean(a, b, n_dims));
    case SIMILARITY_MANHATTAN:
        return (float)(0 - manhattan(a, b, n_dims));
    }
    return 0;
}
