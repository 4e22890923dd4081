/* SPDX-License-Identifier: Apache-2.0 */

/* Matrix products with packed weights, C = A W^T, on oneDNN 2.6 to 3.x, which only gemm*.c use.
 * int8 is multiplied by our own kernel where oneDNN's would saturate.
 *
 * Rows are multiplied in blocks of fixed heights, GEMM_ROW_STEP to GEMM_MAX_ROWS, each a primitive
 * of static shape: a run-time height falls to a slow path outside AMX. Columns may be multiplied in
 * panels, so that few rows keep several cores busy. The bits of an element must not depend on the
 * height of its block, on its place in it or on its panel (promise 1): that is tried for every
 * shape when its first weights are packed, and a height or a split that does not keep it is never
 * used.
 *
 * Only gemm_pack changes a struct gemm, which is then shared by all workers; a struct
 * gemm_context is one worker's. */
#ifndef NESTD_ENGINE_GEMM_GEMM_H
#define NESTD_ENGINE_GEMM_GEMM_H

#include "engine/base/status.h"
#include "engine/kernels/kernels.h"

#include <stddef.h>
#include <stdint.h>

enum {
    GEMM_MAX_ROWS = 64,
    GEMM_ROW_STEP = 8,
    GEMM_MAX_SPLIT = 3, /* 2^3 panels */

    GEMM_INT8_MAX_IN = INT32_MAX / (255 * 127), /* so that every sum fits an int32 */
};

/* What A, the weights and C are made of. */
enum gemm_format {
    GEMM_FLOAT32,  /* float32 x float32 -> float32 */
    GEMM_BFLOAT16, /* bfloat16 x bfloat16 -> float32 */
    GEMM_INT8,     /* uint8 x int8 -> int32, exact */
};

size_t gemm_element_bytes(enum gemm_format format); /* of an element of A */

struct gemm;
struct gemm_context;

/* Packed weights [n_out, n_in]. Read-only. */
struct gemm_weights {
    enum gemm_format format;
    size_t n_out;
    size_t n_in;

    /* GEMM_INT8: weight [j, k] is scales[j] x q[j, k], and sums[j] is the sum of q[j, k] over k. */
    float *scales; /* [n_out] */
    int32_t *sums; /* [n_out] */

    const float *borrowed; /* [n_out, n_in], of weights that were not packed; else NULL */

    /* Private. */
    void *data;
    size_t len_bytes;
    size_t n_splits;                   /* splits [0, n_splits) are usable; split 0 is the whole */
    size_t shapes[GEMM_MAX_SPLIT + 1]; /* of a panel of each split */
};

/* Products of float32 and of int8 are by `kernels` where those have one, else by oneDNN. *ret_gemm,
 * *ret_packed and *ret_context are freed by their own functions, which take NULL too; weights and
 * contexts before the gemm. */
MUST_CHECK enum status gemm_open(const struct kernels *kernels, struct gemm **ret_gemm,
                                 struct error *error);
void gemm_close(struct gemm *gemm);

/* Tries a tiny product: INTERNAL, with the reason, where this system lets oneDNN make none. */
MUST_CHECK enum status gemm_try(struct error *error);

/* Packs float32 weights [n_out, n_in], row-major as Hugging Face stores a linear layer, in a
 * format: rounded to nearest even, or quantised symmetrically with a scale per output channel. The
 * caller keeps `weights`. One thread at a time. NO_MEMORY; INTERNAL when oneDNN fails; UNSUPPORTED
 * for int8 and n_in > GEMM_INT8_MAX_IN. */
MUST_CHECK enum status gemm_pack(struct gemm *gemm, enum gemm_format format, const float *weights,
                                 size_t n_out, size_t n_in, struct gemm_weights **ret_packed,
                                 struct error *error);

/* Weights [n_out, n_in] in GEMM_FLOAT32 that are read where the caller points `borrowed` at, as
 * they are: for the few passes that packing would not repay. They have no panels, and multiplying
 * them is slower and allocates. */
MUST_CHECK enum status gemm_borrow(size_t n_out, size_t n_in, struct gemm_weights **ret_weights);

void gemm_weights_free(struct gemm_weights *packed);

/* After the last gemm_pack. */
MUST_CHECK enum status gemm_context_new(const struct gemm *gemm, struct gemm_context **ret_context);
void gemm_context_free(struct gemm_context *context);

/* c[n_rows, n_out / 2^split] = a[n_rows, n_in] x W^T, of the columns of one panel: panel 0 has the
 * first. split < packed->n_splits, panel < 2^split. Both have room for n_rows rounded up to
 * GEMM_MAX_ROWS; the rows of `a` beyond n_rows may hold anything, those of `c` may be overwritten.
 * Allocates nothing. */
MUST_CHECK enum status gemm_multiply(struct gemm_context *context,
                                     const struct gemm_weights *packed, size_t split, size_t panel,
                                     const void *a, size_t n_rows, void *c);

/* Which oneDNN and which of its implementations ("oneDNN 2.6.3 brg:avx512_core"), or the name of
 * our own kernel, for the log and /info. Borrowed. */
const char *gemm_name(const struct gemm *gemm);

#endif
