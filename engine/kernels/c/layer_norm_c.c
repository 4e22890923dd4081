/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include <math.h>

void layer_norm_c(float *x, const float *gamma, const float *beta, float eps, size_t n_rows,
                  size_t n)
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        double mean = 0, variance = 0, scale;

        for (size_t i = 0; i < n; i++)
            mean += x[i];
        mean /= (double)n;
        for (size_t i = 0; i < n; i++) {
            const double distance = x[i] - mean;

            variance += distance * distance;
        }
        variance /= (double)n;
        scale = 1 / sqrt(variance + (double)eps);
        for (size_t i = 0; i < n; i++)
            x[i] = (float)((x[i] - mean) * scale * gamma[i] + beta[i]);
    }
}
