/* SPDX-License-Identifier: Apache-2.0 */

/* One encoder layer's weights, packed, biases and gains widened. Read-only once made. Private to
 * the encoder. */
#ifndef NESTD_ENGINE_ENCODER_LAYER_H
#define NESTD_ENGINE_ENCODER_LAYER_H

#include "engine/base/status.h"
#include "engine/gemm/gemm.h"

#include <stdbool.h>
#include <stddef.h>

struct arch;
struct kernels;
struct layer_norm_weights;
struct linear;
struct model_layer;
struct tensor;

struct packed_linear {
    struct gemm_weights *weights; /* [n_out, n_in] */
    float *bias;                  /* [n_out] */
};

struct packed_norm {
    float *gamma; /* [n]; NULL: there is no norm here */
    float *beta;  /* [n]; NULL: it is the RMS norm */
    float eps;
};

/* The products of a layer, in order. */
enum layer_product {
    LAYER_QKV,              /* query, key and value side by side: [qkv, hidden] */
    LAYER_ATTENTION_OUTPUT, /* [hidden, query] */
    LAYER_INTERMEDIATE,     /* [intermediate, hidden], the gate's before it where there is one */
    LAYER_OUTPUT,           /* [hidden, intermediate] */
    N_LAYER_PRODUCTS
};

/* A layer's experts, in place of its last two products. */
struct experts {
    struct packed_linear router; /* [n_experts, hidden], in float32 */
    struct packed_linear *in;  /* [n_experts], each [intermediate, hidden]; NULL: there are none */
    struct packed_linear *out; /* [n_experts], each [hidden, intermediate] */
    size_t n;
    float *bias; /* [hidden]: of their sum */
};

/* Which steps a layer has (plan.h). */
enum layer_plan {
    LAYER_PLAIN,
    LAYER_WITH_EXPERTS,
    LAYER_CONVOLVED, /* the first, beside which there is a convolution */
    N_LAYER_PLANS
};

struct layer {
    enum layer_plan plan;
    struct packed_linear products[N_LAYER_PRODUCTS];
    struct experts experts;
    struct packed_norm query_norm; /* as in struct model_layer */
    struct packed_norm key_norm;
    struct packed_norm attention_norm;
    struct packed_norm attention_outer_norm;
    struct packed_norm output_norm;
    struct packed_norm output_outer_norm;
    float *position_keys;    /* [n_heads, n_distance_rows, head_size], where scores have them */
    float *position_queries; /* as large */
    size_t distance_kind;    /* of distance_tables_get() */
    bool is_local;           /* its tokens see those in the window only */
};

/* "attention.self", "attention.output.dense" ...: as the model's tensors are called. */
const char *layer_product_name(enum layer_product product);

/* Packs one product again, in another format. After a failure the old one is still there. */
MUST_CHECK enum status layer_repack(struct layer *layer, enum layer_product product,
                                    struct gemm *gemm, enum gemm_format format,
                                    const struct kernels *kernels, const struct model_layer *stored,
                                    struct error *error);

/* A product's stored weights, [n_out, n_in], as float32. */
void layer_gather(const struct kernels *kernels, const struct model_layer *stored,
                  enum layer_product product, float *ret_weights);

/* `layer` is zeroed before; release it after a failure too. */
MUST_CHECK enum status layer_init(struct layer *layer, struct gemm *gemm, enum gemm_format format,
                                  const struct kernels *kernels, const struct arch *arch,
                                  const struct model_layer *stored, struct error *error);

/* The format of what reads the rows between the layer's halves. */
enum gemm_format layer_middle_format(const struct layer *layer);

/* Lets the stored weights' pages go, which nobody reads after packing. */
void layer_forget_stored(const struct model_layer *stored);
void layer_release(struct layer *layer);

/* y = x W^T + b of stored weights. */
MUST_CHECK enum status packed_linear_init(struct packed_linear *packed, struct gemm *gemm,
                                          enum gemm_format format, const struct kernels *kernels,
                                          const struct linear *stored, struct error *error);
void packed_linear_release(struct packed_linear *packed);

/* A norm of n numbers; none where nothing is stored. */
MUST_CHECK enum status packed_norm_init(struct packed_norm *norm, const struct arch *arch,
                                        const struct layer_norm_weights *weights, size_t n);
void packed_norm_release(struct packed_norm *norm);

/* rows[n_rows, n], in place; nothing where there is no norm. */
void packed_norm_apply(const struct kernels *kernels, const struct packed_norm *norm, float *rows,
                       size_t n_rows, size_t n);

/* Stored values [first, first + n) as float32. */
void layer_widen(const struct kernels *kernels, const struct tensor *tensor, size_t first, size_t n,
                 float *ret_values);

#endif
