/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include "engine/kernels/softmax.h"

#include <math.h>

float softmax_row_c(float *x, size_t n, float scale)
{
    float largest = x[0];
    double sum = 0;

    for (size_t i = 1; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    for (size_t i = 0; i < n; i++) {
        x[i] = expf(scale * (x[i] - largest));
        sum += x[i];
    }
    return (float)sum;
}
