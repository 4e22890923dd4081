/* SPDX-License-Identifier: Apache-2.0 */

/* Matrix products with packed weights: C = A W^T, on oneDNN's matmul. gemm.c alone includes oneDNN, 2.6 to 3.x.
 *
 * Rows are multiplied in blocks of fixed heights (multiples of GEMM_ROW_STEP up to GEMM_MOST_ROWS), each a primitive
 * of static shape: a run-time height falls to a slow path outside AMX. A row's bits do not depend on the height of
 * its block (promise 1); this is checked for every shape when the weights are packed, and where it does not hold
 * only the full height is used.
 *
 * struct gemm is shared by all workers once everything is packed; a struct gemm_context belongs to one worker. */
#ifndef NESTD_ENGINE_ENCODER_GEMM_H
#define NESTD_ENGINE_ENCODER_GEMM_H

#include "engine/status.h"

#include <stddef.h>

enum {
    GEMM_MOST_ROWS = 64,
    GEMM_ROW_STEP = 8,
};

struct gemm;
struct gemm_weights;
struct gemm_context;

MUST_CHECK enum status gemm_open(struct gemm **ret_gemm, struct error *error);
void gemm_close(struct gemm *gemm);

/* Packs float32 weights [n_out, n_in], row-major as Hugging Face stores a linear layer. The caller keeps `weights`. */
MUST_CHECK enum status gemm_pack(struct gemm *gemm, const float *weights, size_t n_out, size_t n_in,
                                 struct gemm_weights **ret_packed, struct error *error);
void gemm_weights_free(struct gemm_weights *packed);

/* After the last gemm_pack. */
MUST_CHECK enum status gemm_context_new(const struct gemm *gemm, struct gemm_context **ret_context);
void gemm_context_free(struct gemm_context *context);

/* c[n_rows, n_out] = a[n_rows, n_in] x weights^T. Both have room for n_rows rounded up to GEMM_MOST_ROWS; the rows of `a`
 * beyond n_rows hold any finite values, those of `c` are overwritten. Allocates nothing. */
MUST_CHECK enum status gemm_multiply(struct gemm_context *context, const struct gemm_weights *packed, const float *a,
                                     size_t n_rows, float *c);

/* "oneDNN 2.6.3, brg:avx512_core": for the log and /info. Borrowed. */
const char *gemm_name(const struct gemm *gemm);

#endif
