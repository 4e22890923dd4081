/* SPDX-License-Identifier: Apache-2.0 */

/* Gemma 3 (Gemma Team, arXiv 2503.19786), and EmbeddingGemma, which is the same in both directions:
 * norms around, whose weights are stored less one; words scaled by the root of the hidden size;
 * five layers of six see a window only. */
#include "engine/model/families/families.h"

static const char *const refused[] = {"attention_bias", "attn_logit_softcapping", NULL};

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embed_tokens.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("norm.weight", final_norm.gamma, HIDDEN, NONE),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_TENSOR("input_layernorm.weight", attention_norm.gamma, HIDDEN, NONE),
    LAYER_TENSOR("self_attn.q_proj.weight", query.weight, QUERY, HIDDEN),
    LAYER_TENSOR("self_attn.k_proj.weight", key.weight, KEY, HIDDEN),
    LAYER_TENSOR("self_attn.v_proj.weight", value.weight, KEY, HIDDEN),
    LAYER_TENSOR("self_attn.q_norm.weight", query_norm.gamma, HEAD, NONE),
    LAYER_TENSOR("self_attn.k_norm.weight", key_norm.gamma, HEAD, NONE),
    LAYER_TENSOR("self_attn.o_proj.weight", attention_output.weight, HIDDEN, QUERY),
    LAYER_TENSOR("post_attention_layernorm.weight", attention_outer_norm.gamma, HIDDEN, NONE),
    LAYER_TENSOR("pre_feedforward_layernorm.weight", output_norm.gamma, HIDDEN, NONE),
    LAYER_TENSOR("mlp.gate_proj.weight", gate.weight, INTERMEDIATE, HIDDEN),
    LAYER_TENSOR("mlp.up_proj.weight", intermediate.weight, INTERMEDIATE, HIDDEN),
    LAYER_TENSOR("mlp.down_proj.weight", output.weight, HIDDEN, INTERMEDIATE),
    LAYER_TENSOR("post_feedforward_layernorm.weight", output_outer_norm.gamma, HIDDEN, NONE),
    NO_TENSOR,
};

static const struct family_head head = {.tensors = decoder_head_tensors,
                                        .activation = "torch.nn.Identity",
                                        .pooling = POOLING_LAST_TOKEN};

const struct family family_gemma3 = {
    .model_types = {"gemma3_text"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 2304},
            [ARCH_LAYERS] = {"num_hidden_layers", 26},
            [ARCH_HEADS] = {"num_attention_heads", 8},
            [ARCH_KV_HEADS] = {"num_key_value_heads", 4},
            [ARCH_HEAD] = {"head_dim", 256},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 9216},
            [ARCH_VOCABULARY] = {"vocab_size", 262208},
            [ARCH_POSITIONS] = {"max_position_embeddings", 131072},
        },
    .refused = refused,
    .activation_key = "hidden_activation",
    .eps_key = "rms_norm_eps",
    .eps = 1e-6,
    .scale_key = "query_pre_attn_scalar",
    .scaled_by = 256,
    .bidirectional_key = "use_bidirectional_attention",
    .rotary = {.theta_key = "rope_theta",
               .theta = 1e6,
               .local_theta_key = "rope_local_base_freq",
               .local_theta = 1e4},
    .window = {.size_key = "sliding_window",
               .size = 4096,
               .every_key = "sliding_window_pattern",
               .every = 6,
               .global_is_last = true},
    .features = {.scales_embeddings = true,
                 .norm_place = NORM_AROUND,
                 .norm_kind = NORM_RMS_PLUS_ONE,
                 .is_gated = true,
                 .activation = ACTIVATION_GELU_TANH,
                 .is_causal = true,
                 .norms_heads = true,
                 .rotates = true},
    .prefixes = {"model."},
    .model_tensors = model_tensors,
    .layer_prefix = "layers.",
    .layer_tensors = layer_tensors,
    .head = &head,
};
