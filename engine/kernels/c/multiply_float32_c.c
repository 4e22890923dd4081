/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include "engine/kernels/multiply_float32.h"

void multiply_float32_c(const float *a, size_t n_rows, const float *packed, size_t n_out,
                        size_t n_in, float *c)
{
    for (size_t row = 0; row < n_rows; row++)
        for (size_t j = 0; j < n_out; j++) {
            double sum = 0;

            for (size_t k = 0; k < n_in; k++)
                sum += (double)a[row * n_in + k] * packed[multiply_float32_place(n_in, j, k)];
            c[row * n_out + j] = (float)sum;
        }
}
