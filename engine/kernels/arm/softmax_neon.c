/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/softmax.h"

#include "engine/kernels/arm/simd_neon.h"

#include <math.h>

static inline float largest(const float *x, size_t n)
{
    const float32x4_t lowest = vdupq_n_f32(-INFINITY);
    float32x4_t even = lowest, odd = lowest;
    size_t i;

    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        even = vmaxq_f32(even, vld1q_f32(x + i));
        odd = vmaxq_f32(odd, vld1q_f32(x + i + LANES));
    }
    for (; i < n; i += LANES)
        even = vmaxq_f32(even, load_floats_over(x + i, n - i, lowest));
    return vmaxvq_f32(vmaxq_f32(even, odd));
}

/* e^(scale (x - top)), factor being scale log2(e). The difference is taken first: it is nearly
 * exact however large the scores, and zero for the largest. */
static inline float32x4_t power(float32x4_t x, float32x4_t top, float factor)
{
    return exp2_neon(vmulq_n_f32(vsubq_f32(x, top), factor));
}

float softmax_row_neon(float *x, size_t n, float scale)
{
    const float factor = scale * (float)M_LOG2E;
    const float32x4_t top = vdupq_n_f32(largest(x, n));
    float32x4_t even = vdupq_n_f32(0), odd = even;
    size_t i;

    for (i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        const float32x4_t a = power(vld1q_f32(x + i), top, factor);
        const float32x4_t b = power(vld1q_f32(x + i + LANES), top, factor);

        vst1q_f32(x + i, a);
        vst1q_f32(x + i + LANES, b);
        even = vaddq_f32(even, a);
        odd = vaddq_f32(odd, b);
    }
    for (; i < n; i += LANES) {
        const float32x4_t a = power(load_floats(x + i, n - i), top, factor);

        store_floats(x + i, n - i, a);
        even = vaddq_f32(even, keep_lanes(a, first_lanes(n - i)));
    }
    return vaddvq_f32(vaddq_f32(even, odd));
}
