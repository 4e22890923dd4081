/* SPDX-License-Identifier: Apache-2.0 */

/* Attention on AMX tiles, in bfloat16.
 *
 * A tile is 16 rows of 16 words, a word one float32 or two bfloat16 that follow each other in
 * depth. TDPBF16PS adds to a tile of sums the product of a tile of 16 rows, each 32 numbers deep,
 * and one of 16 columns, whose row r holds word r of each column. K and V are packed so once, in
 * panels of 16 keys or columns, tile behind tile of 1 KiB; what is missing of a tile is zero in
 * both factors, since zero times what was there before might be NaN. Then, for SPAN_ROWS queries at
 * a time and for each BLOCK_KEYS keys, every BLOCK_ROWS queries of the span go through
 *
 *   scores = queries K^T        four tiles of sums at a time, from two of rows and two of columns
 *   weights = e^(scale (scores - largest so far)), and their sums; written over the scores
 *   results = results e^(scale (largest before - largest so far)) + weights V
 *
 * and are divided by the sums at last (Milakov and Gimelshein, arXiv 1805.02867). A block's scores
 * (34 KiB) never leave the core's caches, and its keys and values (64 KiB for heads of 64) come
 * from further away once per span; memory grows with the tokens, not with their square.
 *
 * Every row of a tile is computed alike and sees no other row. Blocks begin at multiples of their
 * size, and their number depends on n_tokens alone: a query's result depends on its text alone
 * (promise 1). Where a tile has fewer queries, the last one stands in for those missing.
 *
 * Counted, not measured; it has never run on AMX. A text of 512 tokens takes 8 tile products a
 * token for a head of 64, of 8,192 multiplications each, where AVX512_BF16 takes 2,048 VDPBF16PS of
 * 32. Their factors are loaded once for two products. Exponentials are as many as there: 32 vectors
 * of 16 a token.
 *
 * Only files built for AMX include this, and the test that emulates its tile registers. */
#ifndef NESTD_ENGINE_KERNELS_X86_ATTENTION_ATTENTION_TILES_AMX_H
#define NESTD_ENGINE_KERNELS_X86_ATTENTION_ATTENTION_TILES_AMX_H

#include "engine/base/memory.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/x86/attention/tile_registers_amx.h"
#include "engine/kernels/x86/attention/words_avx512_bf16.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    TILE_ROWS = 16,
    TILE_WORDS = 16, /* of a row */
    TILE_DEPTH = 2 * TILE_WORDS,
    BLOCK_ROWS = 2 * TILE_ROWS,
    BLOCK_KEYS = 256,
    SPAN_ROWS = 128,
};

_Static_assert(TILE_WORDS == (int)LANES, "a row of a tile is a vector");
_Static_assert(BLOCK_KEYS % TILE_DEPTH == 0, "blocks are whole tiles");
_Static_assert(BLOCK_ROWS - 1 < (int)KERNEL_BIAS_MARGIN, "stand-ins read the bias too");

/* As LDTILECFG reads it. */
struct tile_config {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16]; /* zero from tile 8 on */
    uint8_t rows[16];
};

_Static_assert(sizeof(struct tile_config) == 64, "LDTILECFG");

/* All eight tiles whole: short ones would need configurations of their own. */
static const struct tile_config TILE_CONFIG = {
    .palette = 1,
    .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
    .rows = {16, 16, 16, 16, 16, 16, 16, 16},
};

/* The tiles' numbers; the intrinsics want literals. */
#define SUMS_UPPER_LEFT  0
#define SUMS_UPPER_RIGHT 1
#define SUMS_LOWER_LEFT  2
#define SUMS_LOWER_RIGHT 3
#define ROWS_UPPER       4
#define ROWS_LOWER       5
#define COLUMNS_LEFT     6
#define COLUMNS_RIGHT    7

/* Where things lie in the scratch, in words on whole cache lines. */
struct layout {
    size_t n_tokens;
    size_t head_size;
    size_t depth;        /* words of a query, in whole tiles */
    size_t value_depth;  /* words of a column of V, in whole tiles */
    size_t n_columns;    /* head_size in whole tiles */
    size_t score_stride; /* a cache line more than the keys: rows share no cache set */
    float *keys;         /* [ceil(n_tokens / TILE_WORDS), depth, TILE_WORDS] */
    float *values;       /* [n_columns / TILE_WORDS, value_depth, TILE_WORDS] */
    float *queries;      /* [SPAN_ROWS or all, depth] */
    float *results;      /* [SPAN_ROWS or all, n_columns] */
    float *scores;       /* [BLOCK_ROWS, score_stride] */
};

INLINE struct layout layout_of(size_t n_tokens, size_t head_size, float *scratch)
{
    const size_t n_rows = round_up(n_tokens < SPAN_ROWS ? n_tokens : SPAN_ROWS, TILE_ROWS);
    const size_t n_keys = round_up(n_tokens < BLOCK_KEYS ? n_tokens : BLOCK_KEYS, TILE_DEPTH);
    const uintptr_t line = CACHE_LINE_BYTES;
    struct layout p = {
        .n_tokens = n_tokens,
        .head_size = head_size,
        .depth = round_up(head_size, TILE_DEPTH) / 2,
        .value_depth = round_up(n_tokens, TILE_DEPTH) / 2,
        .n_columns = round_up(head_size, TILE_WORDS),
        .score_stride = n_keys + LANES,
    };

    p.keys = (float *)(((uintptr_t)scratch + line - 1) / line * line);
    p.values = p.keys + round_up(n_tokens, TILE_WORDS) * p.depth;
    p.queries = p.values + p.n_columns * p.value_depth;
    p.results = p.queries + n_rows * p.depth;
    p.scores = p.results + n_rows * p.n_columns;
    return p;
}

INLINE void pack_panels_of_keys(const struct layout *p, const char *k, size_t stride_bytes)
{
    for (size_t j = 0; j < p->n_tokens; j += TILE_WORDS) {
        const size_t n = p->n_tokens - j;

        pack_key_vector(k + j * stride_bytes, stride_bytes, n < TILE_WORDS ? n : TILE_WORDS,
                        p->head_size * sizeof(uint16_t), p->depth, TILE_WORDS,
                        p->keys + j * p->depth);
    }
}

INLINE void pack_panels_of_values(const struct layout *p, const char *v, size_t stride_bytes)
{
    const size_t n_words = (p->n_tokens + 1) / 2;

    for (size_t d = 0; d < p->head_size; d += TILE_WORDS) {
        const size_t n = p->head_size - d;
        float *panel = p->values + d * p->value_depth;

        pack_values(v + d * sizeof(uint16_t), stride_bytes, p->n_tokens,
                    n < TILE_WORDS ? n : TILE_WORDS, 1, panel);
        memset(panel + n_words * TILE_WORDS, 0,
               (p->value_depth - n_words) * TILE_WORDS * sizeof *panel);
    }
}

/* n_rows queries, in whole tiles. */
INLINE void pack_rows_of_queries(const struct layout *p, const char *q, size_t stride_bytes,
                                 size_t n_rows)
{
    const size_t head_bytes = p->head_size * sizeof(uint16_t);

    for (size_t i = 0; i < round_up(n_rows, TILE_ROWS); i++) {
        const char *row = q + (i < n_rows ? i : n_rows - 1) * stride_bytes;

        for (size_t at = 0; at < head_bytes; at += sizeof(__m512))
            _mm512_store_ps(p->queries + i * p->depth + at / 4,
                            load_bytes(row + at, head_bytes - at));
    }
}

struct tile_product {
    const float *rows; /* [TILE_ROWS or twice as many, depth] words */
    size_t row_stride;
    const float *columns; /* [one panel or two, depth, TILE_WORDS] words */
    size_t panel_stride;
    size_t depth; /* words, in whole tiles */
    bool is_tall; /* two tiles of rows */
    bool is_wide; /* two panels */
    bool adds;    /* to what `sums` holds */
    float *sums;  /* as many rows and columns */
    size_t sum_stride;
};

INLINE void load_sums(const struct tile_product *p)
{
    const size_t stride = p->sum_stride * sizeof(float);

    tile_load(SUMS_UPPER_LEFT, p->sums, stride);
    if (p->is_wide)
        tile_load(SUMS_UPPER_RIGHT, p->sums + TILE_WORDS, stride);
    if (p->is_tall)
        tile_load(SUMS_LOWER_LEFT, p->sums + TILE_ROWS * p->sum_stride, stride);
    if (p->is_tall && p->is_wide)
        tile_load(SUMS_LOWER_RIGHT, p->sums + TILE_ROWS * p->sum_stride + TILE_WORDS, stride);
}

INLINE void clear_sums(void)
{
    tile_zero(SUMS_UPPER_LEFT);
    tile_zero(SUMS_UPPER_RIGHT);
    tile_zero(SUMS_LOWER_LEFT);
    tile_zero(SUMS_LOWER_RIGHT);
}

INLINE void store_sums(const struct tile_product *p)
{
    const size_t stride = p->sum_stride * sizeof(float);

    tile_store(SUMS_UPPER_LEFT, p->sums, stride);
    if (p->is_wide)
        tile_store(SUMS_UPPER_RIGHT, p->sums + TILE_WORDS, stride);
    if (p->is_tall)
        tile_store(SUMS_LOWER_LEFT, p->sums + TILE_ROWS * p->sum_stride, stride);
    if (p->is_tall && p->is_wide)
        tile_store(SUMS_LOWER_RIGHT, p->sums + TILE_ROWS * p->sum_stride + TILE_WORDS, stride);
}

/* sums (+)= rows columns, in order of depth */
static void multiply_tiles(const struct tile_product *p)
{
    const size_t row_bytes = p->row_stride * sizeof(float);
    const size_t column_bytes = TILE_WORDS * sizeof(float);

    if (p->adds)
        load_sums(p);
    else
        clear_sums();
    for (size_t i = 0; i < p->depth; i += TILE_WORDS) {
        const float *rows = p->rows + i, *columns = p->columns + i * TILE_WORDS;

        tile_load(ROWS_UPPER, rows, row_bytes);
        tile_load(COLUMNS_LEFT, columns, column_bytes);
        tile_multiply(SUMS_UPPER_LEFT, ROWS_UPPER, COLUMNS_LEFT);
        if (p->is_tall) {
            tile_load(ROWS_LOWER, rows + TILE_ROWS * p->row_stride, row_bytes);
            tile_multiply(SUMS_LOWER_LEFT, ROWS_LOWER, COLUMNS_LEFT);
        }
        if (p->is_wide) {
            tile_load(COLUMNS_RIGHT, columns + p->panel_stride, column_bytes);
            tile_multiply(SUMS_UPPER_RIGHT, ROWS_UPPER, COLUMNS_RIGHT);
        }
        if (p->is_tall && p->is_wide)
            tile_multiply(SUMS_LOWER_RIGHT, ROWS_LOWER, COLUMNS_RIGHT);
    }
    store_sums(p);
}

/* What a block sees: the keys [begin, end), each row with its bias. */
struct view {
    size_t begin; /* the first word of a tile of values */
    size_t end;
    const float *bias; /* of the first row's query and key 0; NULL: there is none */
};

/* What is known of a span's queries so far. */
struct progress {
    float tops[SPAN_ROWS]; /* their largest scores */
    float sums[SPAN_ROWS]; /* of their weights, as those are to the largest */
};

/* scores[n_rows, keys of the view] = queries K^T, in whole tiles */
INLINE void score(const struct layout *p, const struct view *view, size_t row, size_t n_rows)
{
    for (size_t key = view->begin; key < view->end; key += 2 * TILE_WORDS)
        multiply_tiles(&(struct tile_product){
            .rows = p->queries + row * p->depth,
            .row_stride = p->depth,
            .columns = p->keys + key * p->depth,
            .panel_stride = p->depth * TILE_WORDS,
            .depth = p->depth,
            .is_tall = n_rows > TILE_ROWS,
            .is_wide = key + TILE_WORDS < view->end,
            .sums = p->scores + (key - view->begin),
            .sum_stride = p->score_stride,
        });
}

/* results[n_rows, n_columns] += weights V */
INLINE void add_values(const struct layout *p, const struct view *view, size_t row, size_t n_rows)
{
    for (size_t d = 0; d < p->n_columns; d += 2 * TILE_WORDS)
        multiply_tiles(&(struct tile_product){
            .rows = p->scores,
            .row_stride = p->score_stride,
            .columns = p->values + d * p->value_depth + view->begin / 2 * TILE_WORDS,
            .panel_stride = p->value_depth * TILE_WORDS,
            .depth = round_up(view->end - view->begin, TILE_DEPTH) / 2,
            .is_tall = n_rows > TILE_ROWS,
            .is_wide = d + TILE_WORDS < p->n_columns,
            .adds = true,
            .sums = p->results + row * p->n_columns + d,
            .sum_stride = p->n_columns,
        });
}

/* REDUCED_ROWS rows' largest scores, after their bias, which is added. */
INLINE __m256 find_tops(const struct layout *p, const struct view *view, const float *bias,
                        float *scores)
{
    const size_t n_keys = view->end - view->begin;
    __m512 largest[REDUCED_ROWS];

    for (size_t row = 0; row < REDUCED_ROWS; row++)
        largest[row] = _mm512_set1_ps(-INFINITY);
    for (size_t j = 0; j < n_keys; j += LANES) {
        const __mmask16 lanes = lanes_left(j, n_keys);

        for (size_t row = 0; row < REDUCED_ROWS; row++) {
            float *at = scores + row * p->score_stride + j;
            __m512 x = _mm512_load_ps(at);

            if (bias) {
                x = _mm512_add_ps(x, _mm512_loadu_ps(bias + j - row));
                _mm512_store_ps(at, x);
            }
            largest[row] = _mm512_mask_max_ps(largest[row], lanes, largest[row], x);
        }
    }
    return reduce_rows(largest, larger);
}

/* Weights over REDUCED_ROWS rows' scores, whose results and sums so far are made to fit the rows'
 * largest scores. What a row has not seen weighs nothing: its largest is -INFINITY until then, from
 * which nothing can be subtracted. */
INLINE void weigh(const struct layout *p, const struct view *view, size_t first_row, float scale,
                  float *scores, float *tops, float *sums, float *results)
{
    const float *bias = view->bias ? view->bias + view->begin - first_row : NULL;
    const float factor = scale * (float)M_LOG2E;
    const __m256 before = _mm256_loadu_ps(tops);
    const __m256 largest = _mm256_max_ps(before, find_tops(p, view, bias, scores));
    const __mmask8 seen = _mm256_cmp_ps_mask(largest, _mm256_set1_ps(-INFINITY), _CMP_NEQ_UQ);
    const __m256 top = _mm256_maskz_mov_ps(seen, largest);
    const __m256 fall = _mm256_mul_ps(_mm256_sub_ps(before, top), _mm256_set1_ps(factor));
    const __m256 share = _mm512_castps512_ps256(exp2_avx512(_mm512_castps256_ps512(fall)));
    float row_tops[REDUCED_ROWS], shares[REDUCED_ROWS];
    __m512 row_sums[REDUCED_ROWS];

    _mm256_storeu_ps(tops, largest);
    _mm256_storeu_ps(row_tops, top);
    _mm256_storeu_ps(shares, share);
    for (size_t row = 0; row < REDUCED_ROWS; row++) {
        row_sums[row] = exponentiate(scores + row * p->score_stride, view->end - view->begin,
                                     row_tops[row], factor);
        for (size_t d = 0; d < p->n_columns; d += LANES) {
            float *result = results + row * p->n_columns + d;

            _mm512_store_ps(result,
                            _mm512_mul_ps(_mm512_load_ps(result), _mm512_set1_ps(shares[row])));
        }
    }
    _mm256_storeu_ps(sums, _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(sums), share),
                                         reduce_rows(row_sums, sum)));
}

/* The block of the span's queries [row, row + n_rows) and the view's keys. */
INLINE void attend(const struct layout *p, const struct view *view, size_t row, size_t n_rows,
                   float scale, struct progress *progress)
{
    score(p, view, row, n_rows);
    for (size_t i = 0; i < n_rows; i += REDUCED_ROWS)
        weigh(p, view, i, scale, p->scores + i * p->score_stride, progress->tops + row + i,
              progress->sums + row + i, p->results + (row + i) * p->n_columns);
    add_values(p, view, row, n_rows);
}

/* Which of the keys [key, key + BLOCK_KEYS) any of the queries [first, first + BLOCK_ROWS) sees. */
INLINE struct view view_of(const struct attention *a, size_t first, size_t key)
{
    const size_t last = first + BLOCK_ROWS - 1;
    struct view view = {key, a->n_tokens - key < BLOCK_KEYS ? a->n_tokens : key + BLOCK_KEYS, NULL};

    if (!a->bias)
        return view;
    view.bias = a->bias - first;
    if (first > a->n_before && (first - a->n_before) / TILE_DEPTH * TILE_DEPTH > key)
        view.begin = (first - a->n_before) / TILE_DEPTH * TILE_DEPTH;
    if (a->n_after < a->n_tokens && last + a->n_after + 1 < view.end)
        view.end = last + a->n_after + 1;
    return view;
}

INLINE void write_rows(const struct layout *p, const struct progress *progress, size_t n_rows,
                       float *out, size_t out_stride)
{
    for (size_t row = 0; row < n_rows; row++) {
        const __m512 share = _mm512_set1_ps(1 / progress->sums[row]);

        for (size_t d = 0; d < p->head_size; d += LANES)
            _mm512_mask_storeu_ps(
                out + row * out_stride + d, lanes_left(d, p->head_size),
                _mm512_mul_ps(_mm512_load_ps(p->results + row * p->n_columns + d), share));
    }
}

/* The span of the queries [first, first + n_rows). */
INLINE void attend_span(const struct layout *p, const struct attention *a, size_t first,
                        size_t n_rows)
{
    struct progress progress = {.sums = {0}};

    for (size_t i = 0; i < SPAN_ROWS; i++)
        progress.tops[i] = -INFINITY;
    memset(p->results, 0, round_up(n_rows, TILE_ROWS) * p->n_columns * sizeof *p->results);
    pack_rows_of_queries(p, (const char *)a->q + first * a->stride * sizeof(uint16_t),
                         a->stride * sizeof(uint16_t), n_rows);
    for (size_t key = 0; key < a->n_tokens; key += BLOCK_KEYS)
        for (size_t row = 0; row < n_rows; row += BLOCK_ROWS) {
            const struct view view = view_of(a, first + row, key);

            if (view.begin < view.end)
                attend(p, &view, row, n_rows - row < BLOCK_ROWS ? n_rows - row : BLOCK_ROWS,
                       a->scale, &progress);
        }
    write_rows(p, &progress, n_rows, a->out + first * a->out_stride, a->out_stride);
}

INLINE void attention_by_tiles(const struct attention *a)
{
    const struct layout p = layout_of(a->n_tokens, a->head_size, a->scratch);
    const size_t stride_bytes = a->stride * sizeof(uint16_t);

    pack_panels_of_keys(&p, a->k, stride_bytes);
    pack_panels_of_values(&p, a->v, stride_bytes);
    tiles_configure(&TILE_CONFIG);
    for (size_t first = 0; first < a->n_tokens; first += SPAN_ROWS)
        attend_span(&p, a, first,
                    a->n_tokens - first < SPAN_ROWS ? a->n_tokens - first : SPAN_ROWS);
    tiles_release();
}

#endif
