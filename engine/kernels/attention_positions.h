/* SPDX-License-Identifier: Apache-2.0 */

/* The positions' share of disentangled scores, in tiles. Only the positions from the first of the
 * text's own distances to the last are multiplied. Used inside this folder. */
#ifndef NESTD_ENGINE_KERNELS_ATTENTION_POSITIONS_H
#define NESTD_ENGINE_KERNELS_ATTENTION_POSITIONS_H

#include "engine/kernels/attention_panels.h"

struct attention_positions {
    size_t first;      /* position of column 0 */
    size_t n_padded;   /* columns */
    float *keys;       /* [n_padded / width, head_size, width] */
    float *of_queries; /* [KERNEL_ATTENTION_ROWS, n_padded]: each query's scores with positions */
    float *of_keys;    /* [n_tokens in whole blocks of as many, n_padded]: each key's */
};

/* Packs what all queries need into KERNEL_POSITIONS_SCRATCH_FLOATS floats of scratch; `queries` is
 * room for KERNEL_ATTENTION_ROWS packed ones. */
void attention_positions_pack(struct attention_positions *ret_positions,
                              const struct attention_tiles *tiles, const struct attention *a,
                              float *queries, float *scratch);

/* Adds to the scores of the packed queries [first, first + n_rows), with all keys. */
void attention_positions_add(const struct attention_positions *positions,
                             const struct attention_tiles *tiles, const struct attention *a,
                             const float *queries, size_t first, size_t n_rows, float *scores,
                             size_t score_stride);

#endif
