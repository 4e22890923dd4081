/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/arm/kernels_arm.h"

#include "engine/kernels/attention_tiled.h"
#include "engine/kernels/transpose.h"

#include "engine/kernels/arm/tile_neon.h"

_Static_assert(KERNEL_ATTENTION_ROWS % TILE_ROWS == 0, "attention_tiled.h");
_Static_assert((int)TILE_WIDTH <= (int)KERNEL_ATTENTION_WIDTH, "attention_tiled.h");

static void multiply(const float *a, size_t a_stride, const float *panel, size_t depth, float *c,
                     size_t c_stride)
{
    multiply_tile(TILE_ROWS, a, a_stride, panel, depth, c, c_stride);
}

static inline void transpose_square(const float *from, size_t stride, float *to, size_t width)
{
    const float32x4_t a = vld1q_f32(from);
    const float32x4_t b = vld1q_f32(from + stride);
    const float32x4_t c = vld1q_f32(from + 2 * stride);
    const float32x4_t d = vld1q_f32(from + 3 * stride);
    const float32x4_t ac_low = vzip1q_f32(a, c), ac_high = vzip2q_f32(a, c);
    const float32x4_t bd_low = vzip1q_f32(b, d), bd_high = vzip2q_f32(b, d);

    vst1q_f32(to, vzip1q_f32(ac_low, bd_low));
    vst1q_f32(to + width, vzip2q_f32(ac_low, bd_low));
    vst1q_f32(to + 2 * width, vzip1q_f32(ac_high, bd_high));
    vst1q_f32(to + 3 * width, vzip2q_f32(ac_high, bd_high));
}

static void transpose(const float *from, size_t stride, size_t n_rows, size_t n, float *to,
                      size_t width)
{
    transpose_by_squares(transpose_square, from, stride, n_rows, n, to, width);
}

void attention_neon(const struct attention *attention)
{
    static const struct attention_tiles tiles = {
        .n_rows = TILE_ROWS,
        .width = TILE_WIDTH,
        .transpose = transpose,
        .multiply = multiply,
        .softmax_row = softmax_row_neon,
    };

    attention_tiled(&tiles, attention);
}
