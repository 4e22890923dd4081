/* SPDX-License-Identifier: Apache-2.0 */

/* A sum in order waits for each addition (4 cycles) before the next. So a matrix runs sixteen sums
 * side by side, each still in its own order: of a panel of b's vectors, laid out so that the i-th
 * numbers of all of them stand together. Each vector's norm is computed once. */
#include "engine/vector/similarity.h"

#include "engine/vector/vector.h"

#include <math.h>
#include <stdlib.h>
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

/* At least what torch.nn.functional.normalize divides by, so that a zero vector's cosine is 0. */
static double norm(const float *a, size_t n_dims)
{
    return fmax(sqrt(vector_dot(a, a, n_dims)), 1e-12);
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
        return (float)(vector_dot(a, b, n_dims) / (norm(a, n_dims) * norm(b, n_dims)));
    case SIMILARITY_DOT:
        return (float)vector_dot(a, b, n_dims);
    case SIMILARITY_EUCLIDEAN: /* 0 - x, since -x of equal vectors would be written "-0.0" */
        return (float)(0 - euclidean(a, b, n_dims));
    case SIMILARITY_MANHATTAN:
        return (float)(0 - manhattan(a, b, n_dims));
    }
    return 0;
}

/* ---- matrices ---- */

enum { PANEL = 16 };

/* Each adds up what vector a has with each vector of a panel[n_dims, PANEL]. */
static void dot_panel(const float *a, const double *panel, size_t n_dims, double sums[PANEL])
{
    for (size_t i = 0; i < n_dims; i++) {
        for (size_t k = 0; k < PANEL; k++)
            sums[k] += (double)a[i] * panel[i * PANEL + k];
    }
}

static void euclidean_panel(const float *a, const double *panel, size_t n_dims, double sums[PANEL])
{
    for (size_t i = 0; i < n_dims; i++) {
        for (size_t k = 0; k < PANEL; k++) {
            double difference = (double)a[i] - panel[i * PANEL + k];

            sums[k] += difference * difference;
        }
    }
    for (size_t k = 0; k < PANEL; k++)
        sums[k] = sqrt(sums[k]);
}

static void manhattan_panel(const float *a, const double *panel, size_t n_dims, double sums[PANEL])
{
    for (size_t i = 0; i < n_dims; i++) {
        for (size_t k = 0; k < PANEL; k++)
            sums[k] += fabs((double)a[i] - panel[i * PANEL + k]);
    }
}

/* The vectors that a matrix is made of. */
struct sides {
    enum similarity similarity;
    const float *a; /* [n_a, n_dims] */
    const float *b; /* [n_b, n_dims] */
    size_t n_a;
    size_t n_b;
    size_t n_dims;
    double *a_norms; /* [n_a] */
    double *b_norms; /* [n_b] */
    double *panel;   /* [n_dims, PANEL] */
};

/* Of b's vectors from `start` on; beyond the last, zeros. */
static void fill_panel(struct sides *sides, size_t start)
{
    for (size_t k = 0; k < PANEL; k++) {
        const float *vector = sides->b + (start + k) * sides->n_dims;

        for (size_t i = 0; i < sides->n_dims; i++)
            sides->panel[i * PANEL + k] = start + k < sides->n_b ? (double)vector[i] : 0;
    }
}

/* Of a's row and n_scores vectors of the panel, which are b's from `start` on. */
static void score_panel(const struct sides *sides, size_t row, size_t start, size_t n_scores,
                        float *ret_scores)
{
    const float *a = sides->a + row * sides->n_dims;
    double sums[PANEL] = {0};

    switch (sides->similarity) {
    case SIMILARITY_COSINE:
    case SIMILARITY_DOT:
        dot_panel(a, sides->panel, sides->n_dims, sums);
        break;
    case SIMILARITY_EUCLIDEAN:
        euclidean_panel(a, sides->panel, sides->n_dims, sums);
        break;
    case SIMILARITY_MANHATTAN:
        manhattan_panel(a, sides->panel, sides->n_dims, sums);
        break;
    }
    for (size_t k = 0; k < n_scores; k++) {
        if (sides->similarity == SIMILARITY_COSINE)
            ret_scores[k] = (float)(sums[k] / (sides->a_norms[row] * sides->b_norms[start + k]));
        else if (sides->similarity == SIMILARITY_DOT)
            ret_scores[k] = (float)sums[k];
        else
            ret_scores[k] = (float)(0 - sums[k]);
    }
}

static double *new_norms(const float *vectors, size_t n, size_t n_dims)
{
    double *norms = calloc(n, sizeof *norms);

    for (size_t i = 0; norms && i < n; i++)
        norms[i] = norm(vectors + i * n_dims, n_dims);
    return norms;
}

enum status similarity_matrix(enum similarity similarity, const float *a, size_t n_a,
                              const float *b, size_t n_b, size_t n_dims, float *ret_scores)
{
    struct sides sides = {similarity,
                          a,
                          b,
                          n_a,
                          n_b,
                          n_dims,
                          new_norms(a, n_a, n_dims),
                          new_norms(b, n_b, n_dims),
                          calloc(n_dims, PANEL * sizeof(double))};
    enum status status =
        sides.a_norms && sides.b_norms && sides.panel ? STATUS_OK : STATUS_NO_MEMORY;

    for (size_t start = 0; start < n_b && !status; start += PANEL) {
        size_t n_scores = n_b - start < PANEL ? n_b - start : PANEL;

        fill_panel(&sides, start);
        /* Both ways round, two vectors have the same products, added in the same order. */
        for (size_t row = a == b ? start : 0; row < n_a; row++)
            score_panel(&sides, row, start, n_scores, ret_scores + row * n_b + start);
    }
    for (size_t row = 0; a == b && row < n_a && !status; row++) {
        for (size_t column = row + 1; column < n_b; column++)
            ret_scores[row * n_b + column] = ret_scores[column * n_b + row];
    }
    free(sides.a_norms);
    free(sides.b_norms);
    free(sides.panel);
    return status;
}
