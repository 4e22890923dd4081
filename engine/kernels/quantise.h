/* SPDX-License-Identifier: Apache-2.0 */

/* What every version of kernel_quantise does once a row. A row is q = rint(x / scale) + zero
 * with scale = (most - least) / 255 and zero = rint(-least / scale), where least <= 0 <= most, so
 * that 0 is exact and q is in [0, 255] (256 only where both ends tie; it is cut). Used inside this
 * folder. */
#ifndef NESTD_ENGINE_KERNELS_QUANTISE_H
#define NESTD_ENGINE_KERNELS_QUANTISE_H

#include "engine/kernels/kernels.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

/* Never so small that its inverse is not finite: a row of zeros has a scale too. */
static inline float quantise_scale(float min, float max, bool has_nan)
{
    const float scale = max / 255 - min / 255; /* their difference might overflow */

    if (has_nan)
        return NAN;
    return scale < FLT_MIN ? FLT_MIN : scale;
}

static inline int32_t quantise_zero(float min, float scale)
{
    return isfinite(scale) ? (int32_t)rintf(-min / scale) : 0;
}

#endif
