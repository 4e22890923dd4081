/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vector/vector.h"

#include <math.h>

double vector_dot(const float *a, const float *b, size_t n_dims)
{
    double sum = 0;

    for (size_t i = 0; i < n_dims; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

void vector_normalize(float *vector, size_t n_dims)
{
    double norm = fmax(sqrt(vector_dot(vector, vector, n_dims)), 1e-12);

    for (size_t i = 0; i < n_dims; i++)
        vector[i] = (float)((double)vector[i] / norm);
}

bool vector_is_finite(const float *vector, size_t n_dims)
{
    for (size_t i = 0; i < n_dims; i++) {
        if (!isfinite(vector[i]))
            return false;
    }
    return true;
}
