/* SPDX-License-Identifier: Apache-2.0 */

/* JinaBERT, jina-embeddings-v2 (Guenther et al., arXiv 2310.19923): BERT with biases that grow with
 * the distance in place of positions, and a gated network. */
#include "engine/model/families/families.h"

static const struct family_demand demands[] = {
    {"feed_forward_type", "geglu"},
    {NULL, NULL},
};

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("embeddings.LayerNorm"),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_LINEAR("attention.self.query", query, QUERY, HIDDEN),
    LAYER_LINEAR("attention.self.key", key, KEY, HIDDEN),
    LAYER_LINEAR("attention.self.value", value, KEY, HIDDEN),
    LAYER_LINEAR("attention.output.dense", attention_output, HIDDEN, QUERY),
    LAYER_NORM("attention.output.LayerNorm", attention_norm),
    LAYER_PART("mlp.gated_layers.weight", gate.weight, INTERMEDIATE, HIDDEN, 0, 2),
    LAYER_PART("mlp.gated_layers.weight", intermediate.weight, INTERMEDIATE, HIDDEN, 1, 2),
    LAYER_LINEAR("mlp.wo", output, HIDDEN, INTERMEDIATE),
    LAYER_NORM("mlp.layernorm", output_norm),
    NO_TENSOR,
};

const struct family family_jina_v2 = {
    .model_types = {"bert"},
    .selector = {"position_embedding_type", "alibi"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 768},
            [ARCH_LAYERS] = {"num_hidden_layers", 12},
            [ARCH_HEADS] = {"num_attention_heads", 12},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 3072},
            [ARCH_VOCABULARY] = {"vocab_size", 30528},
            [ARCH_POSITIONS] = {"max_position_embeddings", 8192},
            [ARCH_TYPES] = {"type_vocab_size", 2},
        },
    .demands = demands,
    .has_own_code = true,
    .activation_key = "hidden_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-12,
    .features = {.norms_embeddings = true, .is_gated = true, .score_bias = SCORE_BIAS_LINEAR},
    .prefixes = {"bert."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.layer.",
    .layer_tensors = layer_tensors,
    .head = &bert_head,
};
