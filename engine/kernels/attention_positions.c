/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/attention_positions.h"

#include "engine/base/memory.h"

enum { ROWS = KERNEL_ATTENTION_ROWS };

/* of_keys = k position_queries^T, whose panels are in `panels`. */
static void multiply_keys(const struct attention_positions *p, const struct attention_tiles *tiles,
                          const struct attention *a, float *queries, const float *panels)
{
    const float *k = a->k;

    for (size_t i = 0; i < a->n_tokens; i += ROWS) {
        const size_t n_rows = a->n_tokens - i < ROWS ? a->n_tokens - i : ROWS;
        const size_t n_rows_padded = round_up(n_rows, tiles->n_rows);

        attention_pack_queries(k + i * a->stride, a->stride, n_rows, n_rows_padded, a->head_size,
                               queries);
        attention_multiply(tiles, queries, n_rows_padded, panels, 0, p->n_padded, a->head_size,
                           p->of_keys + i * p->n_padded, p->n_padded);
    }
}

void attention_positions_pack(struct attention_positions *ret_positions,
                              const struct attention_tiles *tiles, const struct attention *a,
                              float *queries, float *scratch)
{
    const ptrdiff_t furthest = (ptrdiff_t)a->n_tokens - 1;
    const size_t first = a->rows[furthest], n = a->rows[-furthest] - first + 1;
    struct attention_positions p = {.first = first, .n_padded = round_up(n, tiles->width)};
    float *panels; /* of position_queries */

    p.keys = scratch;
    panels = p.keys + p.n_padded * a->head_size;
    p.of_queries = panels + p.n_padded * a->head_size;
    p.of_keys = p.of_queries + ROWS * p.n_padded;
    if (a->position_keys)
        attention_pack_keys(tiles, a->position_keys + first * a->head_size, a->head_size, n,
                            a->head_size, p.keys);
    if (a->position_queries) {
        attention_pack_keys(tiles, a->position_queries + first * a->head_size, a->head_size, n,
                            a->head_size, panels);
        multiply_keys(&p, tiles, a, queries, panels);
    }
    *ret_positions = p;
}

static void add_of_query(const struct attention_positions *p, const struct attention *a,
                         size_t query, const float *of_query, float *scores)
{
    const uint32_t *rows = a->rows - query;

    for (size_t j = 0; j < a->n_tokens && a->position_keys; j++)
        scores[j] += of_query[rows[j] - p->first];
    for (size_t j = 0; j < a->n_tokens && a->position_queries; j++)
        scores[j] += p->of_keys[j * p->n_padded + rows[j] - p->first];
}

void attention_positions_add(const struct attention_positions *positions,
                             const struct attention_tiles *tiles, const struct attention *a,
                             const float *queries, size_t first, size_t n_rows, float *scores,
                             size_t score_stride)
{
    const struct attention_positions *p = positions;

    if (a->position_keys)
        attention_multiply(tiles, queries, round_up(n_rows, tiles->n_rows), p->keys, 0, p->n_padded,
                           a->head_size, p->of_queries, p->n_padded);
    for (size_t i = 0; i < n_rows; i++)
        add_of_query(p, a, first + i, p->of_queries + i * p->n_padded, scores + i * score_stride);
}
