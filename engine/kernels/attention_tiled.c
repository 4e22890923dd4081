/* SPDX-License-Identifier: Apache-2.0 */

/* Attention in tiles, for the vector versions.
 *
 * K is packed once, transposed, into panels of `width` keys, and V into panels of `width` columns,
 * so that both products read their right-hand side in order. What is missing in the last panel is
 * zero. Then KERNEL_ATTENTION_ROWS queries at a time go through three steps, which leave their
 * scores in the first or second level of cache:
 *
 *   scores = queries K^T      tile by tile, each the full head_size deep
 *   scores = e^(scale (scores - their row's largest)), and the rows' sums
 *   result = scores V         tile by tile, each the full n_tokens deep; divided by the sums
 *
 * The softmax has its whole row before it, so nothing is ever rescaled. No sum is split by anything
 * but head_size and n_tokens, and a row of a tile does not see the other rows: a query's result
 * depends neither on its place in a block nor on other texts (promise 1). Where the last block has
 * fewer queries, the last one stands in for those missing and its extra results are dropped. */
#include "engine/kernels/attention_tiled.h"

#include "engine/base/memory.h"
#include "engine/kernels/attention_positions.h"

#include <string.h>

enum { ROWS = KERNEL_ATTENTION_ROWS };

/* Where things lie in the scratch. */
struct attention_packing {
    size_t n_keys_padded;
    size_t head_size_padded;
    size_t score_stride; /* a cache line more than the keys: rows share no cache set */
    float *keys;         /* [n_keys_padded / width, head_size, width] */
    float *values;       /* [head_size_padded / width, n_tokens, width] */
    float *queries;      /* [ROWS, head_size] */
    float *scores;       /* [ROWS, score_stride] */
    float *results;      /* [ROWS, head_size_padded] */
    struct attention_positions positions;
};

static struct attention_packing attention_packing_lay(size_t width, size_t n_tokens,
                                                      size_t head_size, float *scratch)
{
    struct attention_packing p = {
        .n_keys_padded = round_up(n_tokens, width),
        .head_size_padded = round_up(head_size, width),
    };

    p.score_stride = p.n_keys_padded + CACHE_LINE_BYTES / sizeof(float);
    p.keys = scratch;
    p.values = p.keys + p.n_keys_padded * head_size;
    p.queries = p.values + p.head_size_padded * n_tokens;
    p.scores = p.queries + ROWS * head_size;
    p.results = p.scores + ROWS * p.score_stride;
    return p;
}

static void pack_values(const float *v, size_t stride, size_t n_tokens, size_t head_size,
                        size_t width, float *values)
{
    for (size_t d = 0; d < head_size; d += width) {
        const size_t n = head_size - d < width ? head_size - d : width;

        for (size_t j = 0; j < n_tokens; j++, values += width) {
            memcpy(values, v + j * stride + d, n * sizeof *values);
            memset(values + n, 0, (width - n) * sizeof *values);
        }
    }
}

/* Which keys any of the queries [first, first + n_rows) sees, in whole panels: a query's keys depend
 * on its block only, which is the same whatever else there is. */
struct seen {
    size_t begin;
    size_t end;
};

static struct seen find_seen(const struct attention *a, size_t first, size_t n_rows, size_t width)
{
    const size_t last = first + n_rows - 1;
    struct seen seen = {0, a->n_tokens};

    if (!a->bias)
        return seen;
    if (first > a->n_before)
        seen.begin = (first - a->n_before) / width * width;
    if (a->n_after < a->n_tokens - last)
        seen.end = last + a->n_after + 1;
    return seen;
}

static void add_bias(const struct attention *a, size_t query, struct seen seen, float *scores)
{
    const float *bias = a->bias + (ptrdiff_t)seen.begin - (ptrdiff_t)query;

    for (size_t j = 0; j < seen.end - seen.begin; j++)
        scores[j] += bias[j];
}

/* The results of the queries [first, first + n_rows), at most ROWS, which are packed. */
static void attend(const struct attention_tiles *tiles, const struct attention_packing *p,
                   const struct attention *a, size_t first, size_t n_rows)
{
    const size_t n_tokens = a->n_tokens, head_size = a->head_size;
    const size_t n_rows_padded = round_up(n_rows, tiles->n_rows);
    const size_t width = tiles->width;
    const struct seen seen = find_seen(a, first, n_rows, width);
    float sums[ROWS];

    attention_multiply(tiles, p->queries, n_rows_padded, p->keys, seen.begin, seen.end, head_size,
                       p->scores, p->score_stride);
    if (a->rows)
        attention_positions_add(&p->positions, tiles, a, p->queries, first, n_rows, p->scores,
                                p->score_stride);
    for (size_t i = 0; i < n_rows_padded; i++) {
        float *scores = p->scores + i * p->score_stride + seen.begin;

        if (a->bias)
            add_bias(a, first + (i < n_rows ? i : n_rows - 1), seen, scores);
        sums[i] = tiles->softmax_row(scores, seen.end - seen.begin, a->scale);
    }
    for (size_t d = 0; d < head_size; d += width)
        for (size_t i = 0; i < n_rows_padded; i += tiles->n_rows)
            tiles->multiply(p->scores + i * p->score_stride + seen.begin, p->score_stride,
                            p->values + d * n_tokens + seen.begin * width, seen.end - seen.begin,
                            p->results + i * p->head_size_padded + d, p->head_size_padded);
    for (size_t i = 0; i < n_rows; i++) {
        const float weight = 1 / sums[i];
        float *out = a->out + (first + i) * a->out_stride;

        for (size_t d = 0; d < head_size; d++)
            out[d] = p->results[i * p->head_size_padded + d] * weight;
    }
}

void attention_tiled(const struct attention_tiles *tiles, const struct attention *a)
{
    struct attention_packing p =
        attention_packing_lay(tiles->width, a->n_tokens, a->head_size, a->scratch);
    const float *q = a->q;

    attention_pack_keys(tiles, a->k, a->stride, a->n_tokens, a->head_size, p.keys);
    pack_values(a->v, a->stride, a->n_tokens, a->head_size, tiles->width, p.values);
    if (a->rows)
        attention_positions_pack(&p.positions, tiles, a, p.queries,
                                 p.results + ROWS * p.head_size_padded);
    for (size_t i = 0; i < a->n_tokens; i += ROWS) {
        const size_t n_rows = a->n_tokens - i < ROWS ? a->n_tokens - i : ROWS;

        attention_pack_queries(q + i * a->stride, a->stride, n_rows,
                               round_up(n_rows, tiles->n_rows), a->head_size, p.queries);
        attend(tiles, &p, a, i, n_rows);
    }
}
