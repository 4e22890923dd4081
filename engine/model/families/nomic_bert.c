/* SPDX-License-Identifier: Apache-2.0 */

/* NomicBERT (Nussbaum et al., arXiv 2402.01613): BERT with rotary positions, a gated network and no
 * biases. Older files call their keys as GPT-2's do. The second version (Nussbaum and Duderstadt,
 * arXiv 2502.07972) is not gated, has biases, and has experts in every other layer. */
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
    .head = &bert_head,
};

static const char *const experts_refused[] = {"prenorm",
                                              "parallel_block",
                                              "causal",
                                              "use_rms_norm",
                                              "rotary_emb_interleaved",
                                              "rotary_emb_scale_base",
                                              "rotary_scaling_factor",
                                              "moe_normalize_expert_weights",
                                              "expert_choice_router",
                                              NULL};
static const char *const experts_refused_counts[] = {"num_shared_experts", NULL};

static const struct family_tensor experts_tensors[] = {
    LAYER_LINEAR_PART("attn.Wqkv", query, QUERY, HIDDEN, 0, 3),
    LAYER_LINEAR_PART("attn.Wqkv", key, KEY, HIDDEN, 1, 3),
    LAYER_LINEAR_PART("attn.Wqkv", value, KEY, HIDDEN, 2, 3),
    LAYER_LINEAR("attn.out_proj", attention_output, HIDDEN, QUERY),
    LAYER_NORM("norm1", attention_norm),
    SOME_LAYERS_TENSOR("mlp.fc1.weight", WITHOUT_EXPERTS, intermediate.weight, INTERMEDIATE,
                       HIDDEN),
    SOME_LAYERS_TENSOR("mlp.fc1.bias", WITHOUT_EXPERTS, intermediate.bias, INTERMEDIATE, NONE),
    SOME_LAYERS_TENSOR("mlp.fc2.weight", WITHOUT_EXPERTS, output.weight, HIDDEN, INTERMEDIATE),
    SOME_LAYERS_TENSOR("mlp.fc2.bias", WITHOUT_EXPERTS, output.bias, HIDDEN, NONE),
    SOME_LAYERS_TENSOR("mlp.router.layer.weight", WITH_EXPERTS, router.weight, EXPERTS, HIDDEN),
    SOME_LAYERS_TENSOR("mlp.experts.mlp.w1", WITH_EXPERTS, experts_in, EXPERT_ROWS, HIDDEN),
    SOME_LAYERS_TENSOR("mlp.experts.mlp.w2", WITH_EXPERTS, experts_out, EXPERT_ROWS, HIDDEN),
    SOME_LAYERS_TENSOR("mlp.experts.bias", WITH_EXPERTS, experts_bias, HIDDEN, NONE),
    LAYER_NORM("norm2", output_norm),
    NO_TENSOR,
};

const struct family family_nomic_experts = {
    .model_types = {"nomic_bert"},
    .selector = {"activation_function", "gelu"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"n_embd", 768},
            [ARCH_LAYERS] = {"n_layer", 12},
            [ARCH_HEADS] = {"n_head", 12},
            [ARCH_INTERMEDIATE] = {"n_inner", 3072},
            [ARCH_VOCABULARY] = {"vocab_size", 250048},
            [ARCH_POSITIONS] = {"n_positions", 2048},
            [ARCH_TYPES] = {"type_vocab_size", 1},
            [ARCH_EXPERTS] = {"num_experts", 0},
            [ARCH_CHOSEN_EXPERTS] = {"moe_top_k", 1},
            [ARCH_EXPERT_INTERVAL] = {"moe_every_n_layers", 0},
        },
    .refused = experts_refused,
    .refused_counts = experts_refused_counts,
    .has_own_code = true,
    .eps_key = "layer_norm_epsilon",
    .eps = 1e-5,
    .rotary = {.theta_key = "rotary_emb_base", .theta = 10000},
    .features = {.norms_embeddings = true, .rotates = true},
    .prefixes = {"nomic_bert."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.layers.",
    .layer_tensors = experts_tensors,
};
