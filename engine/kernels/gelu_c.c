/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/gelu.h"

#include <math.h>

/* Phi(x) = (1 + erf(x / sqrt 2)) / 2 = erfc(-x / sqrt 2) / 2; the second form keeps its precision
 * where x is far below zero. */
static double gelu(double x)
{
    return 0.5 * x * erfc(-x * M_SQRT1_2);
}

/* x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), and (1 + tanh u) / 2 is
 * 1 / (1 + e^(-2u)), which keeps its precision where u is far below zero. */
static double gelu_tanh(double x)
{
    const double u = sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);

    return x / (1 + exp(-2 * u));
}

void bias_gelu_c(float *x, const float *bias, size_t n_rows, size_t n)
{
    for (size_t row = 0; row < n_rows; row++)
        for (size_t i = 0; i < n; i++)
            x[row * n + i] = (float)gelu(x[row * n + i] + bias[i]);
}

void bias_gelu_tanh_c(float *x, const float *bias, size_t n_rows, size_t n)
{
    for (size_t row = 0; row < n_rows; row++)
        for (size_t i = 0; i < n; i++)
            x[row * n + i] = (float)gelu_tanh(x[row * n + i] + bias[i]);
}
