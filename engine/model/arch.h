/* SPDX-License-Identifier: Apache-2.0 */

/* An encoder's architecture as features. The encoder is built from these alone and never hears the
 * name of a model family (family.h). Any thread. */
#ifndef NESTD_ENGINE_MODEL_ARCH_H
#define NESTD_ENGINE_MODEL_ARCH_H

#include "engine/base/status.h"
#include "engine/files/document.h"

#include <stddef.h>

struct family;

enum activation {
    ACTIVATION_GELU,      /* x * Phi(x), by erf */
    ACTIVATION_GELU_TANH, /* "gelu_new", "gelu_pytorch_tanh": the approximation by tanh */
    ACTIVATION_RELU,
};

/* A post-norm encoder with absolute positions. */
struct arch {
    size_t hidden_size;
    size_t n_layers;
    size_t n_attention_heads; /* head size = hidden_size / n_attention_heads */
    size_t intermediate_size;
    size_t vocab_size;
    size_t n_positions;
    size_t n_types; /* token types; only type 0 is used; 0: the model has none */
    float layer_norm_eps;
    enum activation activation;
};

/* Reads config.json by the tables of its family. The bounds are such that no product of sizes
 * overflows. */
MUST_CHECK enum status arch_read(const struct document *config, const struct family *family,
                                 struct arch *ret_arch, struct error *error);

#endif
