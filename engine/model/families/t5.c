/* SPDX-License-Identifier: Apache-2.0 */

/* The encoders of T5 (Raffel et al., arXiv 1910.10683) and of mT5 (Xue et al., arXiv 2010.11934):
 * RMS norms before, no biases, scores that are not scaled, and a bias for each bucket of distances,
 * which the first layer has for all. Heads together may be wider or narrower than the hidden
 * size. Version 1.1 has a gated network. */
#include "engine/model/families/families.h"

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("shared.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", score_bias,
                 BUCKETS, HEADS),
    MODEL_TENSOR("encoder.final_layer_norm.weight", final_norm.gamma, HIDDEN, NONE),
    NO_TENSOR,
};

#define ATTENTION                                                                                  \
    LAYER_TENSOR("0.layer_norm.weight", attention_norm.gamma, HIDDEN, NONE),                       \
        LAYER_TENSOR("0.SelfAttention.q.weight", query.weight, QUERY, HIDDEN),                     \
        LAYER_TENSOR("0.SelfAttention.k.weight", key.weight, KEY, HIDDEN),                         \
        LAYER_TENSOR("0.SelfAttention.v.weight", value.weight, KEY, HIDDEN),                       \
        LAYER_TENSOR("0.SelfAttention.o.weight", attention_output.weight, HIDDEN, QUERY),          \
        LAYER_TENSOR("1.layer_norm.weight", output_norm.gamma, HIDDEN, NONE)

static const struct family_tensor layer_tensors[] = {
    ATTENTION,
    LAYER_TENSOR("1.DenseReluDense.wi.weight", intermediate.weight, INTERMEDIATE, HIDDEN),
    LAYER_TENSOR("1.DenseReluDense.wo.weight", output.weight, HIDDEN, INTERMEDIATE),
    NO_TENSOR,
};

static const struct family_tensor gated_tensors[] = {
    ATTENTION,
    LAYER_TENSOR("1.DenseReluDense.wi_0.weight", gate.weight, INTERMEDIATE, HIDDEN),
    LAYER_TENSOR("1.DenseReluDense.wi_1.weight", intermediate.weight, INTERMEDIATE, HIDDEN),
    LAYER_TENSOR("1.DenseReluDense.wo.weight", output.weight, HIDDEN, INTERMEDIATE),
    NO_TENSOR,
};

static const struct family_demand gated_demands[] = {
    {"dense_act_fn", "gelu_new"},
    {NULL, NULL},
};

#define FAMILY(tensors_, activation_, is_gated_, ...)                                              \
    {                                                                                              \
        .model_types = {"t5", "mt5"},                                                              \
        .sizes =                                                                                   \
            {                                                                                      \
                [ARCH_HIDDEN] = {"d_model", 512},                                                  \
                [ARCH_LAYERS] = {"num_layers", 6},                                                 \
                [ARCH_HEADS] = {"num_heads", 8},                                                   \
                [ARCH_HEAD] = {"d_kv", 64},                                                        \
                [ARCH_INTERMEDIATE] = {"d_ff", 2048},                                              \
                [ARCH_VOCABULARY] = {"vocab_size", 32128},                                         \
                [ARCH_POSITIONS] = {"n_positions", 512},                                           \
                [ARCH_BUCKETS] = {"relative_attention_num_buckets", 32},                           \
                [ARCH_BUCKET_DISTANCE] = {"relative_attention_max_distance", 128},                 \
            },                                                                                     \
        .eps_key = "layer_norm_epsilon", .eps = 1e-6, .is_unlimited = true,                        \
        .features = {.norm_place = NORM_BEFORE,                                                    \
                     .norm_kind = NORM_RMS,                                                        \
                     .activation = activation_,                                                    \
                     .is_gated = is_gated_,                                                        \
                     .attention_scale = 1,                                                         \
                     .score_bias = SCORE_BIAS_BUCKETS},                                            \
        .model_tensors = model_tensors, .layer_prefix = "encoder.block.",                          \
        .layer_infix = ".layer.", .layer_tensors = tensors_, __VA_ARGS__                           \
    }

const struct family family_t5 =
    FAMILY(layer_tensors, ACTIVATION_RELU, false, .activation_key = "feed_forward_proj");
const struct family family_t5_gated =
    FAMILY(gated_tensors, ACTIVATION_GELU_TANH, true,
           .selector = {"feed_forward_proj", "gated-gelu"}, .demands = gated_demands);
