/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

void scale_by_c(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= y[i];
}
