/* SPDX-License-Identifier: Apache-2.0 */

/* Each query's best documents, by vectors in one of the formats in which people store them. Exact:
 * every document is scored. Pure; any thread. */
#ifndef NESTD_SERVER_EVALUATE_SCORING_H
#define NESTD_SERVER_EVALUATE_SCORING_H

#include "engine/engine.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* How vectors are stored, and so compared; queries are made alike. */
enum vector_format {
    FORMAT_FLOAT32,
    FORMAT_INT8,   /* round(127 x), as a server's output_dtype gives it; the model's similarity */
    FORMAT_BINARY, /* a bit a number, x > 0; the number of bits that differ (Hamming) */
    FORMAT_BINARY_RESCORED, /* bits; the nearest by Hamming are ranked anew by the float query's dot
                               product with a document's bits, as +1 and -1 (Yamada, Asai and
                               Hajishirzi, ACL 2021; sentence-transformers' rescore) */
    N_VECTOR_FORMATS,
};

/* "float32", "int8", "binary", "binary-rescored" */
const char *vector_format_name(enum vector_format format);
bool vector_format_parse(struct slice name, enum vector_format *ret_format);

/* What a stored vector takes. */
size_t vector_format_bytes(enum vector_format format, size_t n_dims);

struct vectors {
    float *values; /* [n, n_dims] */
    size_t n;
    size_t n_dims;
};

/* The first n_dims numbers of each, brought to length 1 again if `normalize`, as a server cuts
 * them; the caller frees ret_vectors->values. STATUS_NO_MEMORY. */
MUST_CHECK enum status vectors_cut(const struct vectors *full, size_t n_dims, bool normalize,
                                   struct vectors *ret_vectors);

/* So many candidates by bits are ranked anew, of each hit wanted. */
enum { SCORING_RESCORE = 4 };

/* ret_hits[n queries, depth], the best first, equal scores by number; depth is at most the number
 * of documents. STATUS_NO_MEMORY. */
MUST_CHECK enum status scoring_rank(const struct vectors *queries, const struct vectors *documents,
                                    enum vector_format format, enum similarity similarity,
                                    size_t depth, struct hit *ret_hits);

/* How close each vector is to the one of the same number: ret_scores[n]. Bits count as +1 and -1.
 * Not for FORMAT_BINARY_RESCORED, which needs a ranking. STATUS_NO_MEMORY. */
MUST_CHECK enum status scoring_compare(const struct vectors *left, const struct vectors *right,
                                       enum vector_format format, enum similarity similarity,
                                       double *ret_scores);

#endif
