/* SPDX-License-Identifier: Apache-2.0 */

/* GTE (Zhang et al., arXiv 2407.19669), "new" in its older files: BERT with rotary positions and a
 * gated network. */
#include "engine/model/families/families.h"

static const struct family_demand demands[] = {
    {"position_embedding_type", "rope"},
    {"layer_norm_type", "layer_norm"},
    {NULL, NULL},
};

static const char *const refused[] = {"logn_attention_scale", NULL};

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("embeddings.LayerNorm"),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_LINEAR_PART("attention.qkv_proj", query, QUERY, HIDDEN, 0, 3),
    LAYER_LINEAR_PART("attention.qkv_proj", key, KEY, HIDDEN, 1, 3),
    LAYER_LINEAR_PART("attention.qkv_proj", value, KEY, HIDDEN, 2, 3),
    LAYER_LINEAR("attention.o_proj", attention_output, HIDDEN, QUERY),
    LAYER_NORM("attn_ln", attention_norm),
    LAYER_PART("mlp.up_gate_proj.weight", intermediate.weight, INTERMEDIATE, HIDDEN, 0, 2),
    LAYER_PART("mlp.up_gate_proj.weight", gate.weight, INTERMEDIATE, HIDDEN, 1, 2),
    LAYER_LINEAR("mlp.down_proj", output, HIDDEN, INTERMEDIATE),
    LAYER_NORM("mlp_ln", output_norm),
    NO_TENSOR,
};

const struct family family_gte = {
    .model_types = {"gte", "new"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 768},
            [ARCH_LAYERS] = {"num_hidden_layers", 12},
            [ARCH_HEADS] = {"num_attention_heads", 12},
            [ARCH_HEAD] = {"head_dim", 0},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 3072},
            [ARCH_VOCABULARY] = {"vocab_size", 30528},
            [ARCH_POSITIONS] = {"max_position_embeddings", 2048},
            [ARCH_TYPES] = {"type_vocab_size", 1},
        },
    .demands = demands,
    .refused = refused,
    .has_own_code = true,
    .activation_key = "hidden_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-12,
    .rotary = {.theta_key = "rope_theta", .theta = 10000},
    .features = {.norms_embeddings = true, .is_gated = true, .rotates = true},
    .prefixes = {"gte.", "new."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.layer.",
    .layer_tensors = layer_tensors,
    .head = &bert_head,
};
