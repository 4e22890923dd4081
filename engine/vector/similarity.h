/* SPDX-License-Identifier: Apache-2.0 */

/* How close two vectors are, as sentence-transformers' model.similarity. Pure; any thread. */
#ifndef NESTD_ENGINE_VECTOR_SIMILARITY_H
#define NESTD_ENGINE_VECTOR_SIMILARITY_H

#include "engine/base/status.h"

/* How two vectors are compared where the request does not say (similarity_fn_name). */
enum similarity {
    SIMILARITY_COSINE,
    SIMILARITY_DOT,
    SIMILARITY_EUCLIDEAN, /* negated, so that larger is closer */
    SIMILARITY_MANHATTAN, /* negated */
};
enum { N_SIMILARITIES = SIMILARITY_MANHATTAN + 1 };

#include <stdbool.h>
#include <stddef.h>

/* "cosine", "dot", "euclidean", "manhattan" */
const char *similarity_name(enum similarity similarity);
bool similarity_parse(const char *name, enum similarity *ret_similarity);

/* Of a[n_dims] and b[n_dims]. Distances are negated, so larger is closer everywhere. Sums run in
 * double, in order. The cosine with a zero vector is 0. */
float similarity_score(enum similarity similarity, const float *a, const float *b, size_t n_dims);

/* Of each of a[n_a, n_dims] and each of b[n_b, n_dims]: ret_scores[n_a, n_b], to the bit what
 * similarity_score gives, but several times as fast. b may be a. STATUS_NO_MEMORY. */
MUST_CHECK enum status similarity_matrix(enum similarity similarity, const float *a, size_t n_a,
                                         const float *b, size_t n_b, size_t n_dims,
                                         float *ret_scores);

#endif
