/* SPDX-License-Identifier: Apache-2.0 */

/* The encoders of T5 (Raffel et al., arXiv 1910.10683), of mT5 (Xue et al., arXiv 2010.11934) and of
 * umT5 (Chung et al., arXiv 2304.09151): RMS norms before, no biases, scores that are not scaled,
 * and a bias for each bucket of distances, which the first layer has for all, and in umT5 each layer
 * for itself. Heads together may be wider or narrower than the hidden size. Version 1.1 has a gated
 * network, as umT5 has. */
#include "engine/model/families/families.h"

#define ENDS                                                                                       \
    MODEL_TENSOR("shared.weight", word_embeddings, VOCABULARY, EMBEDDING),                         \
        MODEL_TENSOR("encoder.final_layer_norm.weight", final_norm.gamma, HIDDEN, NONE)

#define BIAS "0.SelfAttention.relative_attention_bias.weight"

static const struct family_tensor model_tensors[] = {
    ENDS,
    MODEL_TENSOR("encoder.block.0.layer." BIAS, score_bias, BUCKETS, HEADS),
    NO_TENSOR,
};
static const struct family_tensor umt5_model_tensors[] = {
    ENDS,
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

#define GATED                                                                                      \
    ATTENTION, LAYER_TENSOR("1.DenseReluDense.wi_0.weight", gate.weight, INTERMEDIATE, HIDDEN),    \
        LAYER_TENSOR("1.DenseReluDense.wi_1.weight", intermediate.weight, INTERMEDIATE, HIDDEN),   \
        LAYER_TENSOR("1.DenseReluDense.wo.weight", output.weight, HIDDEN, INTERMEDIATE)

static const struct family_tensor gated_tensors[] = {
    GATED,
    NO_TENSOR,
};
static const struct family_tensor umt5_tensors[] = {
    GATED,
    LAYER_TENSOR(BIAS, score_bias, BUCKETS, HEADS),
    NO_TENSOR,
};

static const struct family_demand gated_demands[] = {
    {"dense_act_fn", "gelu_new"},
    {NULL, NULL},
};

static const struct family_demand umt5_demands[] = {
    {"feed_forward_proj", "gated-gelu"},
    {"dense_act_fn", "gelu_new"},
    {NULL, NULL},
};

/* What a file leaves out is its class's: T5's is small, and umT5's as mT5's small one. */
#define T5_SIZES                                                                                   \
    [ARCH_LAYERS] = {"num_layers", 6}, [ARCH_HEADS] = {"num_heads", 8},                            \
    [ARCH_INTERMEDIATE] = {"d_ff", 2048}, [ARCH_VOCABULARY] = {"vocab_size", 32128}
#define UMT5_SIZES                                                                                 \
    [ARCH_LAYERS] = {"num_layers", 8}, [ARCH_HEADS] = {"num_heads", 6},                            \
    [ARCH_INTERMEDIATE] = {"d_ff", 1024}, [ARCH_VOCABULARY] = {"vocab_size", 250112}

#define FAMILY(sizes_, activation_, is_gated_, has_layer_biases_, ...)                             \
    {                                                                                              \
        .sizes =                                                                                   \
            {                                                                                      \
                sizes_,                                                                            \
                [ARCH_HIDDEN] = {"d_model", 512},                                                  \
                [ARCH_HEAD] = {"d_kv", 64},                                                        \
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
                     .score_bias = SCORE_BIAS_BUCKETS,                                             \
                     .has_layer_biases = has_layer_biases_},                                       \
        .layer_prefix = "encoder.block.", .layer_infix = ".layer.", __VA_ARGS__                    \
    }

const struct family family_t5 =
    FAMILY(T5_SIZES, ACTIVATION_RELU, false, false, .model_types = {"t5", "mt5"},
           .model_tensors = model_tensors, .layer_tensors = layer_tensors,
           .activation_key = "feed_forward_proj");
const struct family family_t5_gated =
    FAMILY(T5_SIZES, ACTIVATION_GELU_TANH, true, false, .model_types = {"t5", "mt5"},
           .model_tensors = model_tensors, .layer_tensors = gated_tensors,
           .selector = {"feed_forward_proj", "gated-gelu"}, .demands = gated_demands);
const struct family family_umt5 = FAMILY(
    UMT5_SIZES, ACTIVATION_GELU_TANH, true, true, .model_types = {"umt5"},
    .model_tensors = umt5_model_tensors, .layer_tensors = umt5_tensors, .demands = umt5_demands);
