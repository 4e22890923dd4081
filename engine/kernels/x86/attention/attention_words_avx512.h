/* SPDX-License-Identifier: Apache-2.0 */

/* Attention in tiles of AVX-512 registers, written once for float32 and bfloat16.
 *
 * What is multiplied are words of 32 bits: one float32, or two bfloat16 that follow each other in
 * depth, whose products VDPBF16PS adds up. K is packed once, transposed, into panels of up to WIDTH
 * keys and V into panels of up to WIDTH columns, so that both products read their right-hand side
 * in order; the left one is broadcast, word by word. Then TILE_ROWS queries at a time go through
 *
 *   scores = queries K^T         panel by panel; each row's largest is kept on the way
 *   weights = e^(scale (scores - largest)), and their sums; written over the scores
 *   result = weights V           divided by the sums
 *
 * whose scores stay in the first level of cache (16 KiB for 512 tokens). The rows' largest and sums
 * are reduced together, by shuffles that transpose: one row at a time costs short texts a quarter.
 *
 * No sum is split by anything but head_size and n_tokens, every row of a tile is computed alike and
 * none sees the others: a query's result depends neither on its place nor on other texts (promise
 * 1). Where the last tile has fewer queries, the last one stands in for those missing.
 *
 * Only files built for AVX-512 include this. */
#ifndef NESTD_ENGINE_KERNELS_X86_ATTENTION_ATTENTION_WORDS_AVX512_H
#define NESTD_ENGINE_KERNELS_X86_ATTENTION_ATTENTION_WORDS_AVX512_H

#include "engine/base/memory.h"
#include "engine/kernels/inline.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/x86/attention/words_avx512.h"

#include <math.h>

/* Sixteen sums: enough to fill two multipliers of 512 bits, four cycles deep, with loads to spare.
 * Of 4 x 4, 6 x 4, 8 x 2, 8 x 3 and 12 x 2 vectors, 8 x 2 is the smallest among the fastest. */
enum { TILE_ROWS = 8, TILE_VECTORS = 2, WIDTH = TILE_VECTORS * LANES };

_Static_assert(TILE_ROWS == (int)REDUCED_ROWS, "words_avx512.h");
_Static_assert(TILE_ROWS <= (int)KERNEL_ATTENTION_ROWS, "room in the scratch");
_Static_assert(WIDTH <= (int)KERNEL_ATTENTION_WIDTH, "room in the scratch");

/* What a number format brings; constant where it is inlined. */
struct word_operations {
    size_t n_elements; /* of a word */
    __m512 (*multiply_add)(__m512 sums, __m512 left, __m512 right);
    /* panel[ceil(n_tokens / n_elements), n_vectors * LANES] words = the n columns from v, then
     * zeros */
    void (*pack_values)(const char *v, size_t stride_bytes, size_t n_tokens, size_t n,
                        size_t n_vectors, float *panel);
    /* x[n_tokens] = e^(factor ln 2 (x - top)) as elements, zeros to the end of the last word;
     * their sum, in parts */
    __m512 (*exponentiate)(float *x, size_t n_tokens, float top, float factor);
};

/* Where things lie in the scratch, in words on whole cache lines. */
struct layout {
    size_t n_tokens;
    size_t head_size;
    size_t depth;        /* words of a query */
    size_t query_stride; /* depth in whole vectors */
    size_t score_stride; /* a cache line more than the keys: rows share no cache set */
    float *keys;         /* [ceil(n_tokens / WIDTH), depth, width of panel] */
    float *values;       /* [ceil(head_size / WIDTH), words of n_tokens, width of panel] */
    float *queries;      /* [TILE_ROWS, query_stride] */
    float *scores;       /* [TILE_ROWS, score_stride] */
};

INLINE size_t words(const struct word_operations *op, size_t n)
{
    return (n + op->n_elements - 1) / op->n_elements;
}

/* Vectors of the panel that starts with n columns to go. */
INLINE size_t panel_vectors(size_t n)
{
    return n > LANES ? TILE_VECTORS : 1;
}

INLINE struct layout layout_of(const struct word_operations *op, size_t n_tokens, size_t head_size,
                               float *scratch)
{
    const size_t n_keys_padded = round_up(n_tokens, LANES);
    const uintptr_t line = CACHE_LINE_BYTES;
    struct layout p = {
        .n_tokens = n_tokens,
        .head_size = head_size,
        .depth = words(op, head_size),
        .query_stride = round_up(words(op, head_size), LANES),
        .score_stride = n_keys_padded + LANES,
    };

    p.keys = (float *)(((uintptr_t)scratch + line - 1) / line * line);
    p.values = p.keys + n_keys_padded * p.depth;
    p.queries = p.values + round_up(head_size, LANES) * words(op, n_tokens);
    p.scores = p.queries + TILE_ROWS * p.query_stride;
    return p;
}

INLINE void pack_keys(const struct layout *p, const char *k, size_t stride_bytes, size_t head_bytes)
{
    for (size_t j = 0; j < p->n_tokens; j += LANES) {
        const size_t panel = j / WIDTH * WIDTH;
        const size_t width = panel_vectors(p->n_tokens - panel) * LANES;
        const size_t n = p->n_tokens - j;

        pack_key_vector(k + j * stride_bytes, stride_bytes, n < LANES ? n : LANES, head_bytes,
                        p->depth, width, p->keys + panel * p->depth + (j - panel));
    }
}

/* The last of the n_rows stands in for those missing. */
INLINE void pack_queries(const struct layout *p, const char *q, size_t stride_bytes, size_t n_rows,
                         size_t head_bytes)
{
    for (size_t i = 0; i < TILE_ROWS; i++) {
        const char *row = q + (i < n_rows ? i : n_rows - 1) * stride_bytes;

        for (size_t at = 0; at < head_bytes; at += sizeof(__m512))
            _mm512_store_ps(p->queries + i * p->query_stride + at / 4,
                            load_bytes(row + at, head_bytes - at));
    }
}

/* sums[TILE_ROWS][n_vectors] = left[TILE_ROWS, depth] panel[depth, n_vectors], in order of depth */
INLINE void multiply(const struct word_operations *op, const float *left, size_t left_stride,
                     const float *panel, size_t n_vectors, size_t depth,
                     __m512 sums[TILE_ROWS][TILE_VECTORS])
{
    for (size_t row = 0; row < TILE_ROWS; row++)
        for (size_t j = 0; j < n_vectors; j++)
            sums[row][j] = _mm512_setzero_ps();
    for (size_t i = 0; i < depth; i++, panel += n_vectors * LANES) {
        __m512 right[TILE_VECTORS];

        for (size_t j = 0; j < n_vectors; j++)
            right[j] = _mm512_load_ps(panel + j * LANES);
        for (size_t row = 0; row < TILE_ROWS; row++) {
            const __m512 word = _mm512_set1_ps(left[row * left_stride + i]);

            for (size_t j = 0; j < n_vectors; j++)
                sums[row][j] = op->multiply_add(sums[row][j], word, right[j]);
        }
    }
}

/* What a tile sees: the keys [begin, end), from whole panels on, each row with its bias. */
struct view {
    size_t begin;
    size_t end;
    const float *bias; /* of the first row's query and key 0; NULL: there is none */
};

/* The panel's scores, and each row's largest so far. */
INLINE void score_panel(const struct word_operations *op, const struct layout *p,
                        const struct view *view, size_t key, size_t n_vectors, __m512 *largest)
{
    __m512 sums[TILE_ROWS][TILE_VECTORS];

    multiply(op, p->queries, p->query_stride, p->keys + key * p->depth, n_vectors, p->depth, sums);
    for (size_t j = 0; j < n_vectors; j++) {
        const size_t at = key + j * LANES;
        const __mmask16 lanes = lanes_left(at, view->end);

        for (size_t row = 0; row < TILE_ROWS; row++) {
            if (view->bias)
                sums[row][j] = _mm512_add_ps(sums[row][j], _mm512_loadu_ps(view->bias + at - row));
            largest[row] = _mm512_mask_max_ps(largest[row], lanes, largest[row], sums[row][j]);
            _mm512_store_ps(p->scores + row * p->score_stride + at, sums[row][j]);
        }
    }
}

/* Weights over the scores; shares[i] = 1 / their sum in row i. */
INLINE void weigh(const struct word_operations *op, const struct layout *p, const struct view *view,
                  const __m512 *largest, float scale, float *shares)
{
    float tops[TILE_ROWS];
    __m512 sums[TILE_ROWS];

    _mm256_storeu_ps(tops, reduce_rows(largest, larger));
    for (size_t row = 0; row < TILE_ROWS; row++)
        sums[row] = op->exponentiate(p->scores + row * p->score_stride + view->begin,
                                     view->end - view->begin, tops[row], scale * (float)M_LOG2E);
    _mm256_storeu_ps(shares, _mm256_div_ps(_mm256_set1_ps(1), reduce_rows(sums, sum)));
}

INLINE void write_panel(const struct word_operations *op, const struct layout *p,
                        const struct view *view, size_t column, size_t n_vectors, size_t n_rows,
                        const float *shares, float *out, size_t out_stride)
{
    const size_t first = words(op, view->begin);
    const float *values = p->values + column * words(op, p->n_tokens) + first * n_vectors * LANES;
    __m512 sums[TILE_ROWS][TILE_VECTORS];

    multiply(op, p->scores + view->begin, p->score_stride, values, n_vectors,
             words(op, view->end) - first, sums);
    for (size_t row = 0; row < TILE_ROWS; row++)
        for (size_t j = 0; j < n_vectors; j++)
            if (row < n_rows)
                _mm512_mask_storeu_ps(out + row * out_stride + column + j * LANES,
                                      lanes_left(column + j * LANES, p->head_size),
                                      _mm512_mul_ps(sums[row][j], _mm512_set1_ps(shares[row])));
}

/* The results of up to TILE_ROWS queries, `n_rows` of which are wanted. */
INLINE void attend(const struct word_operations *op, const struct layout *p,
                   const struct view *view, size_t n_rows, float scale, float *out,
                   size_t out_stride)
{
    __m512 largest[TILE_ROWS];
    float shares[TILE_ROWS];

    for (size_t row = 0; row < TILE_ROWS; row++)
        largest[row] = _mm512_set1_ps(-INFINITY);
    for (size_t j = view->begin; j < view->end; j += WIDTH)
        if (panel_vectors(p->n_tokens - j) == TILE_VECTORS)
            score_panel(op, p, view, j, TILE_VECTORS, largest);
        else
            score_panel(op, p, view, j, 1, largest);
    weigh(op, p, view, largest, scale, shares);
    for (size_t d = 0; d < p->head_size; d += WIDTH)
        if (panel_vectors(p->head_size - d) == TILE_VECTORS)
            write_panel(op, p, view, d, TILE_VECTORS, n_rows, shares, out, out_stride);
        else
            write_panel(op, p, view, d, 1, n_rows, shares, out, out_stride);
}

/* Which keys any of the queries [first, first + TILE_ROWS) sees: a query's tile is the same
 * whatever else there is. */
INLINE struct view view_of(const struct attention *a, size_t first)
{
    const size_t last = first + TILE_ROWS - 1;
    struct view view = {0, a->n_tokens, a->bias};

    if (!a->bias)
        return view;
    view.bias -= first;
    if (first > a->n_before)
        view.begin = (first - a->n_before) / WIDTH * WIDTH;
    if (a->n_after < a->n_tokens && last + a->n_after + 1 < a->n_tokens)
        view.end = last + a->n_after + 1;
    return view;
}

INLINE void attention_by_words(const struct word_operations *op, const struct attention *a)
{
    const size_t n_tokens = a->n_tokens, head_size = a->head_size;
    const struct layout p = layout_of(op, n_tokens, head_size, a->scratch);
    const size_t element_bytes = sizeof(float) / op->n_elements;
    const size_t stride_bytes = a->stride * element_bytes, head_bytes = head_size * element_bytes;
    const char *q = a->q, *v = a->v;

    pack_keys(&p, a->k, stride_bytes, head_bytes);
    for (size_t d = 0; d < head_size; d += WIDTH)
        op->pack_values(v + d * element_bytes, stride_bytes, n_tokens,
                        head_size - d < WIDTH ? head_size - d : WIDTH, panel_vectors(head_size - d),
                        p.values + d * words(op, n_tokens));
    for (size_t i = 0; i < n_tokens; i += TILE_ROWS) {
        const size_t n_rows = n_tokens - i < TILE_ROWS ? n_tokens - i : TILE_ROWS;

        const struct view view = view_of(a, i);

        pack_queries(&p, q + i * stride_bytes, stride_bytes, n_rows, head_bytes);
        attend(op, &p, &view, n_rows, a->scale, a->out + i * a->out_stride, a->out_stride);
    }
}

#endif
