/* SPDX-License-Identifier: Apache-2.0 */

/* The encoder's row operations. Each has a table of versions in its own file (layer_norm.c ...),
 * best first, the readable reference (layer_norm_c.c ...) last; kernels_choose() takes the best
 * that the CPU flags allow. Every version is compared with its reference on awkward lengths. No
 * version reads or writes outside its arguments' shapes; none needs alignment. A row's result
 * depends on that row alone (promise 1). Any thread. */
#ifndef NESTD_ENGINE_KERNELS_KERNELS_H
#define NESTD_ENGINE_KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* x[n_rows, n] += bias[n] */
typedef void kernel_bias(float *x, const float *bias, size_t n_rows, size_t n);

/* x[n_rows, n] = f(x + bias[n]), f an activation function */
typedef void kernel_bias_activation(float *x, const float *bias, size_t n_rows, size_t n);

/* y[n_rows, n] = layer_norm(x + bias[n] + residual) * gamma[n] + beta[n]. Mean and variance are of
 * one row, the variance divided by n. y may be x or residual. bias or residual may be NULL, for
 * zero. */
typedef void kernel_layer_norm(const float *x, const float *bias, const float *residual,
                               const float *gamma, const float *beta, float eps, size_t n_rows,
                               size_t n, float *y);

/* Self-attention of one text and one head: out = softmax(q k^T * scale) v. q, k, v and out are
 * [n_tokens, head_size], with `stride` floats from a row to the next for q, k and v, `out_stride`
 * for out; scale is above zero. scratch: KERNEL_ATTENTION_SCRATCH_FLOATS(n_tokens, head_size)
 * floats. */
typedef void kernel_attention(const float *q, const float *k, const float *v, size_t stride,
                              size_t n_tokens, size_t head_size, float scale, float *scratch,
                              float *out, size_t out_stride);

/* Room for K and V, padded to whole panels of up to KERNEL_ATTENTION_WIDTH keys or columns, and for
 * the queries, scores and results of KERNEL_ATTENTION_ROWS queries at a time. */
enum { KERNEL_ATTENTION_ROWS = 24, KERNEL_ATTENTION_WIDTH = 32 };
#define KERNEL_ATTENTION_SCRATCH_FLOATS(n_tokens, head_size)                                       \
    (((n_tokens) + KERNEL_ATTENTION_ROWS + KERNEL_ATTENTION_WIDTH) *                               \
     (2 * ((head_size) + KERNEL_ATTENTION_WIDTH) + KERNEL_ATTENTION_ROWS))

struct kernels {
    kernel_bias *bias;
    kernel_bias_activation *bias_gelu; /* exact, by erf */
    kernel_bias_activation *bias_gelu_tanh;
    kernel_bias_activation *bias_relu;
    kernel_layer_norm *layer_norm;
    kernel_attention *attention;
    char name[128]; /* "gelu avx512, gelu_tanh avx512, ...": for the log */
};

void kernels_choose(struct kernels *ret_kernels, unsigned cpu_flags);

#endif
