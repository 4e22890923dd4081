/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/layer_norm.h"

#include <math.h>

void layer_norm_c(const float *x, const float *bias, const float *residual, const float *gamma,
                  const float *beta, float eps, size_t n_rows, size_t n, float *y)
{
    for (size_t row = 0; row < n_rows; row++) {
        double mean = 0, variance = 0, scale;

        for (size_t i = 0; i < n; i++) {
            float sum = x[row * n + i];

            if (bias)
                sum += bias[i];
            if (residual)
                sum += residual[row * n + i];
            y[row * n + i] = sum;
            mean += sum;
        }
        mean /= (double)n;
        for (size_t i = 0; i < n; i++) {
            const double distance = y[row * n + i] - mean;

            variance += distance * distance;
        }
        variance /= (double)n;
        scale = 1 / sqrt(variance + (double)eps);
        for (size_t i = 0; i < n; i++)
            y[row * n + i] = (float)((y[row * n + i] - mean) * scale * gamma[i] + beta[i]);
    }
}
