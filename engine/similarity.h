/* SPDX-License-Identifier: Apache-2.0 */

/* How close two vectors are, as sentence-transformers' model.similarity. Pure; any thread. */
#ifndef NESTD_ENGINE_SIMILARITY_H
#define NESTD_ENGINE_SIMILARITY_H

#include "engine/model/model.h"

#include <stdbool.h>
#include <stddef.h>

/* "cosine", "dot", "euclidean", "manhattan" */
const char *similarity_name(enum similarity similarity);
bool similarity_parse(const char *name, enum similarity *ret_similarity);

/* Of a[n_dims] and b[n_dims]. Distances are negated, so larger is closer everywhere. Sums run in
 * double, in order. The cosine with a zero vector is 0. */
float similarity_score(enum similarity similarity, const float *a, const float *b, size_t n_dims);

#endif
