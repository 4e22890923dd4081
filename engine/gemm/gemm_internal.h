/* SPDX-License-Identifier: Apache-2.0 */

/* What gemm.c (products), gemm_pack.c (weights), gemm_borrow.c (weights that are not packed) and
 * gemm_shape.c (primitives) share; private to them. */
#ifndef NESTD_ENGINE_GEMM_GEMM_INTERNAL_H
#define NESTD_ENGINE_GEMM_GEMM_INTERNAL_H

#include "engine/gemm/gemm.h"
#include "engine/gemm/gemm_dnnl.h"

#include <pthread.h>
#include <stdbool.h>

enum { GEMM_N_HEIGHTS = GEMM_MAX_ROWS / GEMM_ROW_STEP };

/* One block height. */
struct shape_block {
    dnnl_primitive_t primitive; /* NULL: this height is not used */
    dnnl_memory_desc_t src;     /* [height, n_in] */
    dnnl_memory_desc_t dst;     /* [height, n_out] */
    dnnl_memory_desc_t scratchpad;
    size_t scratchpad_len_bytes;
};

/* One static product, [height, n_in] x [n_in, n_out], at every block height. */
struct shape {
    enum gemm_format format;
    /* One of them where our own kernel multiplies, at any height, not oneDNN and its blocks. */
    kernel_multiply_float32 *multiply_float32;
    kernel_multiply_int8 *multiply_int8;
    bool is_convolution; /* to oneDNN; else it is a matmul */
    size_t n_in;
    size_t n_out;
    dnnl_memory_desc_t weights; /* packed [n_in, n_out] */
    size_t weights_len_bytes;
    char implementation[64];                   /* oneDNN's name for it, "brg:avx512_core" */
    struct shape_block blocks[GEMM_N_HEIGHTS]; /* of GEMM_ROW_STEP, 2 GEMM_ROW_STEP ... rows */

    /* Of a shape that weights were packed for: its panels' shapes, itself at split 0. */
    size_t n_splits;
    size_t splits[GEMM_MAX_SPLIT + 1];
};

enum { GEMM_MAX_SHAPES = 64 };

struct gemm {
    dnnl_engine_t engine;
    kernel_multiply_float32 *multiply_float32; /* NULL: oneDNN */
    kernel_multiply_int8 *multiply_int8;       /* NULL: oneDNN */
    pthread_mutex_t mutex;                     /* guards what follows while weights are packed */
    struct shape *shapes; /* [n_shapes], of GEMM_MAX_SHAPES; a shape's index stays its own */
    size_t n_shapes;
    size_t scratchpad_len_bytes; /* the max over all shapes */
    char name[96];
};

/* The full height is there after success; the others where oneDNN has them with the same layout and
 * implementation. *ret_shape is released by the caller even after a failure. */
MUST_CHECK dnnl_status_t shape_init(struct shape *ret_shape, dnnl_engine_t engine,
                                    enum gemm_format format, size_t n_out, size_t n_in);

/* Shapes that our own kernels multiply. */
void shape_init_float32(struct shape *ret_shape, kernel_multiply_float32 *multiply, size_t n_out,
                        size_t n_in);
void shape_init_int8(struct shape *ret_shape, kernel_multiply_int8 *multiply, size_t n_out,
                     size_t n_in);
bool shape_is_own(const struct shape *shape);

void shape_release(struct shape *shape);

/* Weights [n_out, n_in] as they are before packing, row after row. */
MUST_CHECK dnnl_status_t shape_describe_plain(const struct shape *shape,
                                              dnnl_memory_desc_t *ret_md);

/* Gives up one height. */
void shape_drop_height(struct shape *shape, size_t block);

size_t shape_block_height(size_t block);

/* The max over its blocks, or what our own kernel needs. */
size_t shape_scratchpad_bytes(const struct shape *shape);

/* The lowest block that holds n_rows, or the highest. */
size_t shape_pick_block(const struct shape *shape, size_t n_rows);

/* One block of a shape: rows [0, height of block) of a and c, with weights that begin at `weights`.
 */
MUST_CHECK dnnl_status_t gemm_block_multiply(struct gemm_context *context, size_t shape,
                                             size_t block, const void *weights, const void *a,
                                             void *c);

/* gemm_multiply() with borrowed weights. */
MUST_CHECK dnnl_status_t gemm_multiply_borrowed(const struct gemm_weights *weights, const void *a,
                                                size_t n_rows, void *c);

#endif
