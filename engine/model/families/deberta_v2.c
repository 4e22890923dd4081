/* SPDX-License-Identifier: Apache-2.0 */

/* DeBERTa's second and third version (He et al., arXiv 2006.03654 and 2111.09543): BERT whose scores
 * have terms of the distance, and that as a rule has no table of positions. The large ones of the
 * second version have a convolution beside the first layer. */
#include "engine/model/families/families.h"

#define CONVOLUTION_VECTOR(name_, role)                                                            \
    {                                                                                              \
        .name = name_, .offset = offsetof(struct model, role), .rows = ARCH_HIDDEN,                \
        .columns = ARCH_NONE, .needs = ARCH_CONVOLUTION                                            \
    }

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.position_embeddings.weight", position_embeddings, POSITIONS,
                 EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("embeddings.LayerNorm"),
    MODEL_TENSOR("encoder.rel_embeddings.weight", distance_embeddings, DISTANCES, HIDDEN),
    MODEL_TENSOR("encoder.LayerNorm.weight", distance_norm.gamma, HIDDEN, NONE),
    MODEL_TENSOR("encoder.LayerNorm.bias", distance_norm.beta, HIDDEN, NONE),
    {.name = "encoder.conv.conv.weight",
     .offset = offsetof(struct model, convolution.weight),
     .rows = ARCH_HIDDEN,
     .columns = ARCH_HIDDEN,
     .needs = ARCH_CONVOLUTION,
     .is_deep = true},
    CONVOLUTION_VECTOR("encoder.conv.conv.bias", convolution.bias),
    CONVOLUTION_VECTOR("encoder.conv.LayerNorm.weight", convolution_norm.gamma),
    CONVOLUTION_VECTOR("encoder.conv.LayerNorm.bias", convolution_norm.beta),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_LINEAR("attention.self.query_proj", query, QUERY, HIDDEN),
    LAYER_LINEAR("attention.self.key_proj", key, KEY, HIDDEN),
    LAYER_LINEAR("attention.self.value_proj", value, KEY, HIDDEN),
    LAYER_LINEAR("attention.output.dense", attention_output, HIDDEN, QUERY),
    LAYER_NORM("attention.output.LayerNorm", attention_norm),
    LAYER_LINEAR("intermediate.dense", intermediate, INTERMEDIATE, HIDDEN),
    LAYER_LINEAR("output.dense", output, HIDDEN, INTERMEDIATE),
    LAYER_NORM("output.LayerNorm", output_norm),
    NO_TENSOR,
};

static const struct family_tensor head_tensors[] = {
    OUTER_LINEAR("pooler.dense", head.dense, HIDDEN, HIDDEN),
    OUTER_LINEAR("classifier", head.output, LABELS, HIDDEN),
    NO_TENSOR,
};

static const struct family_demand head_demands[] = {
    {"pooler_hidden_act", "gelu"},
    {NULL, NULL},
};

static const struct family_head head = {
    .tensors = head_tensors,
    .activation = "torch.nn.GELU",
    .demands = head_demands,
};

const struct family family_deberta_v2 = {
    .model_types = {"deberta-v2"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 1536},
            [ARCH_LAYERS] = {"num_hidden_layers", 24},
            [ARCH_HEADS] = {"num_attention_heads", 24},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 6144},
            [ARCH_VOCABULARY] = {"vocab_size", 128100},
            [ARCH_POSITIONS] = {"max_position_embeddings", 512},
            [ARCH_TYPES] = {"type_vocab_size", 0},
            [ARCH_CONVOLUTION] = {"conv_kernel_size", 0},
        },
    .activation_key = "hidden_act",
    .convolution_activation_key = "conv_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-7,
    .table_key = "position_biased_input",
    .features = {.norms_embeddings = true, .is_disentangled = true},
    .prefixes = {"deberta."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.layer.",
    .layer_tensors = layer_tensors,
    .head = &head,
};
