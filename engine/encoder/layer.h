/* SPDX-License-Identifier: Apache-2.0 */

/* One encoder layer's weights, packed, biases and gains widened. Read-only once made. Private to
 * the encoder. */
#ifndef NESTD_ENGINE_ENCODER_LAYER_H
#define NESTD_ENGINE_ENCODER_LAYER_H

#include "engine/base/status.h"
#include "engine/gemm/gemm.h"

#include <stddef.h>

struct kernels;
struct layer_norm_weights;
struct model_layer;
struct tensor;

struct packed_linear {
    struct gemm_weights *weights; /* [n_out, n_in] */
    float *bias;                  /* [n_out] */
};

struct packed_norm {
    float *gamma; /* [hidden] */
    float *beta;  /* [hidden] */
};

/* The products of a layer, in order. */
enum layer_product {
    LAYER_QKV,              /* query, key and value side by side: [3 hidden, hidden] */
    LAYER_ATTENTION_OUTPUT, /* [hidden, hidden] */
    LAYER_INTERMEDIATE,     /* [intermediate, hidden] */
    LAYER_OUTPUT,           /* [hidden, intermediate] */
    N_LAYER_PRODUCTS
};

struct layer {
    struct packed_linear products[N_LAYER_PRODUCTS];
    struct packed_norm attention_norm;
    struct packed_norm output_norm;
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
                                  const struct kernels *kernels, const struct model_layer *stored,
                                  struct error *error);
/* Lets the stored weights' pages go, which nobody reads after packing. */
void layer_forget_stored(const struct model_layer *stored);
void layer_release(struct layer *layer);

MUST_CHECK enum status packed_norm_init(struct packed_norm *norm,
                                        const struct layer_norm_weights *weights, size_t n);
void packed_norm_release(struct packed_norm *norm);

/* Stored values [first, first + n) as float32. */
void layer_widen(const struct kernels *kernels, const struct tensor *tensor, size_t first, size_t n,
                 float *ret_values);

#endif
