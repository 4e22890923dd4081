/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include "engine/kernels/multiply_int8.h"

void multiply_int8_c(const uint8_t *a, size_t n_rows, const int8_t *packed, size_t n_out,
                     size_t n_in, int16_t *scratch, int32_t *c)
{
    (void)scratch;
    for (size_t row = 0; row < n_rows; row++)
        for (size_t j = 0; j < n_out; j++) {
            int32_t sum = 0;

            for (size_t k = 0; k < n_in; k++)
                sum += a[row * n_in + k] * packed[multiply_int8_place(n_in, j, k)];
            c[row * n_out + j] = sum;
        }
}
