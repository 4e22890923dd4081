/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/x86/kernels_x86.h"

#include "engine/kernels/x86/simd_avx512.h"

static inline void rotate_head(float *x, size_t half, const float *cosines, const float *sines)
{
    for (size_t k = 0; k < half; k += LANES) {
        const __mmask16 lanes = lanes_left(k, half);
        const __m512 a = _mm512_maskz_loadu_ps(lanes, x + k);
        const __m512 b = _mm512_maskz_loadu_ps(lanes, x + half + k);
        const __m512 c = _mm512_maskz_loadu_ps(lanes, cosines + k);
        const __m512 s = _mm512_maskz_loadu_ps(lanes, sines + k);

        _mm512_mask_storeu_ps(x + k, lanes, _mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s)));
        _mm512_mask_storeu_ps(x + half + k, lanes, _mm512_fmadd_ps(b, c, _mm512_mul_ps(a, s)));
    }
}

void rotate_avx512(float *x, size_t n_heads, size_t head_size, const float *turn)
{
    const size_t half = head_size / 2;

    for (size_t head = 0; head < n_heads; head++)
        rotate_head(x + head * head_size, half, turn, turn + half);
}

void scale_by_avx512(float *x, const float *y, size_t n)
{
    for (size_t i = 0; i < n; i += LANES) {
        const __mmask16 lanes = lanes_left(i, n);

        _mm512_mask_storeu_ps(x + i, lanes,
                              _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, x + i),
                                            _mm512_maskz_loadu_ps(lanes, y + i)));
    }
}
