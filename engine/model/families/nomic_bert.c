/* SPDX-License-Identifier: Apache-2.0 */

/* NomicBERT (Nussbaum et al., arXiv 2402.01613): BERT with rotary positions, a gated network and no
 * biases. Older files call their keys as GPT-2's do. */
#include "engine/model/families/families.h"

static const char *const refused[] = {"prenorm",
                                      "parallel_block",
                                      "causal",
                                      "use_rms_norm",
                                      "qkv_proj_bias",
                                      "mlp_fc1_bias",
                                      "mlp_fc2_bias",
                                      "rotary_emb_interleaved",
                                      "rotary_emb_scale_base",
                                      "rotary_scaling_factor",
                                      "num_experts",
                                      "moe_every_n_layers",
                                      NULL};

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("emb_ln"),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_PART("attn.Wqkv.weight", query.weight, QUERY, HIDDEN, 0, 3),
    LAYER_PART("attn.Wqkv.weight", key.weight, KEY, HIDDEN, 1, 3),
    LAYER_PART("attn.Wqkv.weight", value.weight, KEY, HIDDEN, 2, 3),
    LAYER_TENSOR("attn.out_proj.weight", attention_output.weight, HIDDEN, QUERY),
    LAYER_NORM("norm1", attention_norm),
    LAYER_TENSOR("mlp.fc12.weight", gate.weight, INTERMEDIATE, HIDDEN),
    LAYER_TENSOR("mlp.fc11.weight", intermediate.weight, INTERMEDIATE, HIDDEN),
    LAYER_TENSOR("mlp.fc2.weight", output.weight, HIDDEN, INTERMEDIATE),
    LAYER_NORM("norm2", output_norm),
    NO_TENSOR,
};

const struct family family_nomic_bert = {
    .model_types = {"nomic_bert"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 768, "n_embd"},
            [ARCH_LAYERS] = {"num_hidden_layers", 12, "n_layer"},
            [ARCH_HEADS] = {"num_attention_heads", 12, "n_head"},
            [ARCH_HEAD] = {"head_dim", 0},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 3072, "n_inner"},
            [ARCH_VOCABULARY] = {"vocab_size", 30528},
            [ARCH_POSITIONS] = {"max_position_embeddings", 2048, "n_positions"},
            [ARCH_TYPES] = {"type_vocab_size", 2},
        },
    .refused = refused,
    .has_own_code = true,
    .activation_key = "hidden_act",
    .old_activation_key = "activation_function",
    .eps_key = "layer_norm_eps",
    .old_eps_key = "layer_norm_epsilon",
    .eps = 1e-12,
    .rotary = {.theta_key = "rotary_emb_base", .theta = 1000},
    .features = {.norms_embeddings = true,
                 .is_gated = true,
                 .activation = ACTIVATION_SILU,
                 .rotates = true},
    .prefixes = {"nomic_bert."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.layers.",
    .layer_tensors = layer_tensors,
};
