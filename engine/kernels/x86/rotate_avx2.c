/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/simd_avx2.h"

static inline void rotate_head(float *x, size_t half, const float *cosines, const float *sines)
{
    for (size_t k = 0; k < half; k += LANES) {
        const size_t n = half - k;
        const __m256 a = load_floats(x + k, n), b = load_floats(x + half + k, n);
        const __m256 c = load_floats(cosines + k, n), s = load_floats(sines + k, n);

        store_floats(x + k, n, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
        store_floats(x + half + k, n, _mm256_fmadd_ps(b, c, _mm256_mul_ps(a, s)));
    }
}

void rotate_avx2(float *x, size_t n_heads, size_t head_size, const float *turn)
{
    const size_t half = head_size / 2;

    for (size_t head = 0; head < n_heads; head++)
        rotate_head(x + head * head_size, half, turn, turn + half);
}

void scale_by_avx2(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += LANES)
        store_floats(x + i, n - i,
                     _mm256_mul_ps(load_floats(x + i, n - i), load_floats(y + i, n - i)));
}
