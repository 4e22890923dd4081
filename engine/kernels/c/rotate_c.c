/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

void rotate_c(float *x, size_t n_heads, size_t head_size, const float *turn)
{
    const size_t half = head_size / 2;
    const float *cosines = turn, *sines = turn + half;

    for (size_t head = 0; head < n_heads; head++, x += head_size)
        for (size_t k = 0; k < half; k++) {
            const float a = x[k], b = x[k + half];

            x[k] = a * cosines[k] - b * sines[k];
            x[k + half] = b * cosines[k] + a * sines[k];
        }
}
