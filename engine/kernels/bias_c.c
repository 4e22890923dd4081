/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/bias.h"

void bias_c(float *x, const float *bias, size_t n_rows, size_t n)
{
    for (size_t row = 0; row < n_rows; row++)
        for (size_t i = 0; i < n; i++)
            x[row * n + i] += bias[i];
}

void bias_relu_c(float *x, const float *bias, size_t n_rows, size_t n)
{
    for (size_t row = 0; row < n_rows; row++)
        for (size_t i = 0; i < n; i++) {
            const float sum = x[row * n + i] + bias[i];

            x[row * n + i] = sum < 0 ? 0 : sum; /* NaN stays */
        }
}
