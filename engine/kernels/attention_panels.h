/* SPDX-License-Identifier: Apache-2.0 */

/* What attention in tiles packs and multiplies. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_ATTENTION_PANELS_H
#define NESTD_ENGINE_KERNELS_ATTENTION_PANELS_H

#include "engine/kernels/kernels.h"
#include "engine/kernels/softmax.h"

struct attention_tiles {
    size_t n_rows; /* of a tile; divides KERNEL_ATTENTION_ROWS */
    size_t width;  /* of a tile and of a panel; at most KERNEL_ATTENTION_WIDTH */
    /* panel[head_size, width] = transposed k[n_keys, head_size], then zeros; `stride` floats
     * between k's rows, n_keys at most width */
    void (*transpose)(const float *k, size_t stride, size_t n_keys, size_t head_size, float *panel,
                      size_t width);
    /* c[n_rows, width] = a[n_rows, depth] panel[depth, width], summed in the order of depth */
    void (*multiply)(const float *a, size_t a_stride, const float *panel, size_t depth, float *c,
                     size_t c_stride);
    kernel_softmax_row *softmax_row;
};

/* The last of q's n_rows stands in for those up to n_rows_padded. */
void attention_pack_queries(const float *q, size_t stride, size_t n_rows, size_t n_rows_padded,
                            size_t head_size, float *queries);

/* k[n_keys, head_size], transposed, in panels. */
void attention_pack_keys(const struct attention_tiles *tiles, const float *k, size_t stride,
                         size_t n_keys, size_t head_size, float *keys);

/* c[n_rows, n_columns] = packed queries times the panels of the packed keys [begin, end); n_rows is
 * of whole tiles. */
void attention_multiply(const struct attention_tiles *tiles, const float *queries, size_t n_rows,
                        const float *keys, size_t begin, size_t end, size_t head_size, float *c,
                        size_t c_stride);

#endif
