/* SPDX-License-Identifier: Apache-2.0 */

/* Products with weights as they lie in the model's file. Only the multiplying thread runs them, as
 * with packed ones. */
#include "engine/gemm/gemm.h"

#include "engine/gemm/gemm_internal.h"

#include <stdlib.h>

enum status gemm_borrow(size_t n_out, size_t n_in, struct gemm_weights **ret_weights)
{
    struct gemm_weights *weights = calloc(1, sizeof *weights);

    if (!weights)
        return STATUS_NO_MEMORY;
    *weights =
        (struct gemm_weights){.format = GEMM_FLOAT32, .n_out = n_out, .n_in = n_in, .n_splits = 1};
    *ret_weights = weights;
    return STATUS_OK;
}

dnnl_status_t gemm_multiply_borrowed(const struct gemm_weights *weights, const void *a,
                                     size_t n_rows, void *c)
{
    return onednn_sgemm(a, weights->borrowed, n_rows, weights->n_out, weights->n_in, c);
}
