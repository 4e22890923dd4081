/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include "engine/kernels/quantise.h"

void quantise_c(const float *x, size_t n_rows, size_t n, uint8_t *q, float *scales, int32_t *zeros)
{
    for (size_t row = 0; row < n_rows; row++, x += n, q += n) {
        float min = 0, max = 0, inverse;
        bool has_nan = false;

        for (size_t i = 0; i < n; i++) {
            min = fminf(min, x[i]);
            max = fmaxf(max, x[i]);
            has_nan |= isnan(x[i]);
        }
        scales[row] = quantise_scale(min, max, has_nan);
        zeros[row] = quantise_zero(min, scales[row]);
        inverse = 1 / scales[row];
        for (size_t i = 0; i < n; i++) {
            const float shifted = rintf(x[i] * inverse) + (float)zeros[row];

            q[i] = (uint8_t)fminf(fmaxf(shifted, 0), 255); /* NaN, of a bad row, gives 0 */
        }
    }
}
