/* SPDX-License-Identifier: Apache-2.0 */

/* ALBERT (Lan et al., arXiv 1909.11942): layers that share their weights in groups, and narrow
 * embeddings that a product widens. Where they are as wide as the layers the product is still
 * there. */
#include "engine/model/families/families.h"

static const struct family_demand demands[] = {
    {"position_embedding_type", "absolute"},
    {NULL, NULL},
};

/* The layers of a group, which may have no other weights than the first. */
static const char *const ones[] = {"inner_group_num", NULL};

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.position_embeddings.weight", position_embeddings, POSITIONS,
                 EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("embeddings.LayerNorm"),
    MODEL_TENSOR("encoder.embedding_hidden_mapping_in.weight", embedding_projection.weight, HIDDEN,
                 EMBEDDING),
    MODEL_TENSOR("encoder.embedding_hidden_mapping_in.bias", embedding_projection.bias, HIDDEN,
                 NONE),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_LINEAR("attention.query", query, QUERY, HIDDEN),
    LAYER_LINEAR("attention.key", key, KEY, HIDDEN),
    LAYER_LINEAR("attention.value", value, KEY, HIDDEN),
    LAYER_LINEAR("attention.dense", attention_output, HIDDEN, QUERY),
    LAYER_NORM("attention.LayerNorm", attention_norm),
    LAYER_LINEAR("ffn", intermediate, INTERMEDIATE, HIDDEN),
    LAYER_LINEAR("ffn_output", output, HIDDEN, INTERMEDIATE),
    LAYER_NORM("full_layer_layer_norm", output_norm),
    NO_TENSOR,
};

static const struct family_tensor head_tensors[] = {
    INNER_LINEAR("pooler", head.dense, HIDDEN, HIDDEN),
    OUTER_LINEAR("classifier", head.output, LABELS, HIDDEN),
    NO_TENSOR,
};

static const struct family_head head = {.tensors = head_tensors, .activation = "torch.nn.Tanh"};

const struct family family_albert = {
    .model_types = {"albert"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 4096},
            [ARCH_LAYERS] = {"num_hidden_layers", 12},
            [ARCH_HEADS] = {"num_attention_heads", 64},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 16384},
            [ARCH_VOCABULARY] = {"vocab_size", 30000},
            [ARCH_EMBEDDING] = {"embedding_size", 128},
            [ARCH_POSITIONS] = {"max_position_embeddings", 512},
            [ARCH_TYPES] = {"type_vocab_size", 2},
            [ARCH_GROUPS] = {"num_hidden_groups", 1},
        },
    .demands = demands,
    .ones = ones,
    .activation_key = "hidden_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-12,
    .features = {.norms_embeddings = true, .activation = ACTIVATION_GELU_TANH},
    .prefixes = {"albert."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.albert_layer_groups.",
    .layer_infix = ".albert_layers.0.",
    .layer_tensors = layer_tensors,
    .head = &head,
};
