/* SPDX-License-Identifier: Apache-2.0 */

/* Matrix products with packed weights, C = A W^T, on oneDNN's matmul. gemm.c alone includes
 * oneDNN, 2.6 to 3.x.
 *
 * Rows are multiplied in blocks of fixed heights, GEMM_ROW_STEP to GEMM_MOST_ROWS, each a primitive
 * of static shape: a run-time height falls to a slow path outside AMX. A row's bits must not depend
 * on the height of its block or on its place in it (promise 1): that is tried for every shape when
 * its first weights are packed, and a height that does not keep it is never used.
 *
 * A struct gemm is changed by gemm_pack alone and is then shared by all workers; a struct
 * gemm_context is one worker's. */
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

/* *ret_gemm, *ret_packed and *ret_context are freed by their own functions, which take NULL too;
 * weights and contexts before the gemm. */
MUST_CHECK enum status gemm_open(struct gemm **ret_gemm, struct error *error);
void gemm_close(struct gemm *gemm);

/* Packs float32 weights [n_out, n_in], row-major as Hugging Face stores a linear layer. The caller
 * keeps `weights`. One thread at a time. NO_MEMORY; INTERNAL when oneDNN fails. */
MUST_CHECK enum status gemm_pack(struct gemm *gemm, const float *weights, size_t n_out, size_t n_in,
                                 struct gemm_weights **ret_packed, struct error *error);
void gemm_weights_free(struct gemm_weights *packed);

/* After the last gemm_pack. */
MUST_CHECK enum status gemm_context_new(const struct gemm *gemm, struct gemm_context **ret_context);
void gemm_context_free(struct gemm_context *context);

/* c[n_rows, n_out] = a[n_rows, n_in] x weights^T. Both have room for n_rows rounded up to
 * GEMM_MOST_ROWS; the rows of `a` beyond n_rows may hold anything, those of `c` may be overwritten.
 * Allocates nothing. */
MUST_CHECK enum status gemm_multiply(struct gemm_context *context,
                                     const struct gemm_weights *packed, const float *a,
                                     size_t n_rows, float *c);

/* Which oneDNN and which of its implementations ("oneDNN 2.6.3 brg:avx512_core"), for the log and
 * /info. Borrowed. */
const char *gemm_name(const struct gemm *gemm);

#endif
