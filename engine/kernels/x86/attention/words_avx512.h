/* SPDX-License-Identifier: Apache-2.0 */

/* How the attentions of AVX-512 and AMX pack words of 32 bits, and reduce rows. Only files built
 * for AVX-512 include this. */
#ifndef NESTD_ENGINE_KERNELS_X86_ATTENTION_WORDS_AVX512_H
#define NESTD_ENGINE_KERNELS_X86_ATTENTION_WORDS_AVX512_H

#include "engine/kernels/inline.h"
#include "engine/kernels/x86/simd_avx512.h"

/* As many rows are reduced together. */
enum { REDUCED_ROWS = 8 };

/* Up to 64 of n_bytes, then zeros. */
INLINE __m512 load_bytes(const char *from, size_t n_bytes)
{
    if (n_bytes >= sizeof(__m512))
        return _mm512_loadu_ps(from);
    return _mm512_castsi512_ps(_mm512_maskz_loadu_epi8(((__mmask64)1 << n_bytes) - 1, from));
}

/* Transposes 16 x 16 words: in fours, then the fours. */
INLINE void transpose(__m512 *rows)
{
    __m512 t[LANES];

    for (int i = 0; i < LANES; i += 2) {
        t[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4)
        for (int j = 0; j < 2; j++) {
            const __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);

            rows[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
            rows[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
        }
    /* Quarter L of rows[4 g + c] is now words 4 g to 4 g + 3 of column 4 L + c. */
    for (int c = 0; c < 4; c++) {
        t[c] = _mm512_shuffle_f32x4(rows[c], rows[4 + c], 0x44);
        t[4 + c] = _mm512_shuffle_f32x4(rows[c], rows[4 + c], 0xee);
        t[8 + c] = _mm512_shuffle_f32x4(rows[8 + c], rows[12 + c], 0x44);
        t[12 + c] = _mm512_shuffle_f32x4(rows[8 + c], rows[12 + c], 0xee);
    }
    for (int c = 0; c < 4; c++) {
        rows[c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0x88);
        rows[4 + c] = _mm512_shuffle_f32x4(t[c], t[8 + c], 0xdd);
        rows[8 + c] = _mm512_shuffle_f32x4(t[4 + c], t[12 + c], 0x88);
        rows[12 + c] = _mm512_shuffle_f32x4(t[4 + c], t[12 + c], 0xdd);
    }
}

/* to[depth] vectors, `width` words apart = LANES keys transposed, of which n are there, each with
 * zeros behind it; depth is of the keys' words, or those in whole vectors. */
INLINE void pack_key_vector(const char *k, size_t stride_bytes, size_t n, size_t head_bytes,
                            size_t depth, size_t width, float *to)
{
    for (size_t at = 0; at < head_bytes; at += sizeof(__m512)) {
        __m512 rows[LANES];

        for (size_t i = 0; i < LANES; i++)
            rows[i] = i < n ? load_bytes(k + i * stride_bytes + at, head_bytes - at)
                            : _mm512_setzero_ps();
        transpose(rows);
        for (size_t i = 0; i < LANES; i++, to += width)
            if (at / 4 + i < depth)
                _mm512_store_ps(to, rows[i]);
    }
}

INLINE __m512 larger(__m512 a, __m512 b)
{
    return _mm512_max_ps(a, b);
}

INLINE __m512 sum(__m512 a, __m512 b)
{
    return _mm512_add_ps(a, b);
}

/* Lane i: rows[i] reduced to one number, in the same order for all. */
INLINE __m256 reduce_rows(const __m512 *rows, __m512 (*join)(__m512, __m512))
{
    __m512 pairs[REDUCED_ROWS / 2], fours[REDUCED_ROWS / 4], both, halves;

    for (int i = 0; i < REDUCED_ROWS / 2; i++)
        pairs[i] = join(_mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]),
                        _mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]));
    for (int i = 0; i < REDUCED_ROWS / 4; i++) {
        const __m512d a = _mm512_castps_pd(pairs[2 * i]);
        const __m512d b = _mm512_castps_pd(pairs[2 * i + 1]);

        fours[i] = join(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)),
                        _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)));
    }
    both = join(_mm512_shuffle_f32x4(fours[0], fours[1], 0x44),
                _mm512_shuffle_f32x4(fours[0], fours[1], 0xee));
    halves = join(_mm512_shuffle_f32x4(both, both, 0x88), _mm512_shuffle_f32x4(both, both, 0xdd));
    return _mm512_castps512_ps256(halves);
}

#endif
