/* SPDX-License-Identifier: Apache-2.0 */

/* Arithmetic on single vectors. Pure; any thread. */
#ifndef NESTD_ENGINE_VECTOR_VECTOR_H
#define NESTD_ENGINE_VECTOR_VECTOR_H

#include <stdbool.h>
#include <stddef.h>

/* The sum of products, in double, in order. */
double vector_dot(const float *a, const float *b, size_t n_dims);

/* L2-normalises in place: x / max(|x|, 1e-12), as torch.nn.functional.normalize. The sum of squares
 * runs in double, in order. */
void vector_normalize(float *vector, size_t n_dims);

bool vector_is_finite(const float *vector, size_t n_dims);

#endif
