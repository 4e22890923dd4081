/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include <math.h>

void rms_norm_c(float *x, const float *gamma, float eps, size_t n_rows, size_t n)
{
    for (size_t row = 0; row < n_rows; row++, x += n) {
        double squares = 0, scale;

        for (size_t i = 0; i < n; i++)
            squares += (double)x[i] * x[i];
        scale = 1 / sqrt(squares / (double)n + (double)eps);
        for (size_t i = 0; i < n; i++)
            x[i] = (float)(x[i] * scale * gamma[i]);
    }
}
