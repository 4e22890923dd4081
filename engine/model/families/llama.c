/* SPDX-License-Identifier: Apache-2.0 */

/* Decoders of Llama's shape (Touvron et al., arXiv 2302.13971) that embed: norms before, rotary
 * positions, keys and values for several queries each, a gated network. EuroBERT (Boizard et al.,
 * arXiv 2503.05500) is the same in both directions. */
#include "engine/model/families/families.h"

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embed_tokens.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("norm.weight", final_norm.gamma, HIDDEN, NONE),
    NO_TENSOR,
};

#define ENDS                                                                                       \
    LAYER_TENSOR("input_layernorm.weight", attention_norm.gamma, HIDDEN, NONE),                    \
        LAYER_TENSOR("self_attn.o_proj.weight", attention_output.weight, HIDDEN, QUERY),           \
        LAYER_TENSOR("post_attention_layernorm.weight", output_norm.gamma, HIDDEN, NONE),          \
        LAYER_TENSOR("mlp.gate_proj.weight", gate.weight, INTERMEDIATE, HIDDEN),                   \
        LAYER_TENSOR("mlp.up_proj.weight", intermediate.weight, INTERMEDIATE, HIDDEN),             \
        LAYER_TENSOR("mlp.down_proj.weight", output.weight, HIDDEN, INTERMEDIATE)
#define QKV                                                                                        \
    LAYER_TENSOR("self_attn.q_proj.weight", query.weight, QUERY, HIDDEN),                          \
        LAYER_TENSOR("self_attn.k_proj.weight", key.weight, KEY, HIDDEN),                          \
        LAYER_TENSOR("self_attn.v_proj.weight", value.weight, KEY, HIDDEN)

static const struct family_tensor layer_tensors[] = {ENDS, QKV, NO_TENSOR};

static const struct family_tensor qwen2_tensors[] = {
    ENDS,
    QKV,
    LAYER_TENSOR("self_attn.q_proj.bias", query.bias, QUERY, NONE),
    LAYER_TENSOR("self_attn.k_proj.bias", key.bias, KEY, NONE),
    LAYER_TENSOR("self_attn.v_proj.bias", value.bias, KEY, NONE),
    NO_TENSOR,
};

static const struct family_tensor qwen3_tensors[] = {
    ENDS,
    QKV,
    LAYER_TENSOR("self_attn.q_norm.weight", query_norm.gamma, HEAD, NONE),
    LAYER_TENSOR("self_attn.k_norm.weight", key_norm.gamma, HEAD, NONE),
    NO_TENSOR,
};

/* Qwen's "sliding_window" counts for nothing unless "use_sliding_window" is true. */
static const char *const refused[] = {"attention_bias", "mlp_bias", "sliding_window",
                                      "use_sliding_window", NULL};
static const char *const mistral_refused[] = {"attention_bias", "mlp_bias", NULL};
static const char *const qwen_refused[] = {"attention_bias", "mlp_bias", "use_sliding_window",
                                           NULL};

/* Of those that see no later token: the last has seen all. */
const struct family_tensor decoder_head_tensors[] = {
    OUTER_TENSOR("score.weight", head.output.weight, LABELS, HIDDEN),
    NO_TENSOR,
};

static const struct family_tensor vocabulary[] = {
    OUTER_TENSOR("lm_head.weight", head.vocabulary, VOCABULARY, HIDDEN),
    NO_TENSOR,
};

static const struct family_head last_token_head = {.tensors = decoder_head_tensors,
                                                   .activation = "torch.nn.Identity",
                                                   .pooling = POOLING_LAST_TOKEN,
                                                   .vocabulary = vocabulary};

static const struct family_tensor eurobert_head_tensors[] = {
    OUTER_LINEAR("dense", head.dense, HIDDEN, HIDDEN),
    OUTER_LINEAR("classifier", head.output, LABELS, HIDDEN),
    NO_TENSOR,
};

/* Of the word "late" tokens are judged one by one, and their scores' mean taken. */
static const struct family_head eurobert_head = {.tensors = eurobert_head_tensors,
                                                 .activation = "torch.nn.GELU",
                                                 .pooling_key = "classifier_pooling",
                                                 .first_word = "bos",
                                                 .pooling_word = "late"};

/* Of Qwen3-Reranker, whose first files had it in their README alone (Zhang et al.,
 * arXiv 2506.05176, figure 1). */
static const char *const qwen3_chat[] = {
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the "
    "Query and the Instruct provided. Note that the answer can only be \"yes\" or "
    "\"no\".<|im_end|>\n<|im_start|>user\n<Instruct>: Given a web search query, "
    "retrieve relevant passages that answer the query\n<Query>: ",
    "\n<Document>: ",
    "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
};

static const struct family_head qwen3_head = {.tensors = decoder_head_tensors,
                                              .activation = "torch.nn.Identity",
                                              .pooling = POOLING_LAST_TOKEN,
                                              .vocabulary = vocabulary,
                                              .chat = qwen3_chat};

#define NO_WINDOW                                                                                  \
    {                                                                                              \
        .size_key = NULL                                                                           \
    }
#define MISTRAL_WINDOW                                                                             \
    {                                                                                              \
        .size_key = "sliding_window", .size = 4096, .is_everywhere = true                          \
    }
#define FAMILY(type_, window_, tensors_, refused_, head_, theta_, eps_, ...)                       \
    {                                                                                              \
        .model_types = {type_}, .window = window_,                                                 \
        .sizes =                                                                                   \
            {                                                                                      \
                [ARCH_HIDDEN] = {"hidden_size", 4096},                                             \
                [ARCH_LAYERS] = {"num_hidden_layers", 32},                                         \
                [ARCH_HEADS] = {"num_attention_heads", 32},                                        \
                [ARCH_KV_HEADS] = {"num_key_value_heads", 0},                                      \
                [ARCH_HEAD] = {"head_dim", 0},                                                     \
                [ARCH_INTERMEDIATE] = {"intermediate_size", 11008},                                \
                [ARCH_VOCABULARY] = {"vocab_size", 32000},                                         \
                [ARCH_POSITIONS] = {"max_position_embeddings", 2048},                              \
            },                                                                                     \
        .refused = refused_, .activation_key = "hidden_act", .eps_key = "rms_norm_eps",            \
        .eps = eps_, .rotary = {.theta_key = "rope_theta", .theta = theta_},                       \
        .features = {.norm_place = NORM_BEFORE,                                                    \
                     .norm_kind = NORM_RMS,                                                        \
                     .is_gated = true,                                                             \
                     .activation = ACTIVATION_SILU,                                                \
                     .rotates = true,                                                              \
                     __VA_ARGS__},                                                                 \
        .prefixes = {"model."}, .model_tensors = model_tensors, .layer_prefix = "layers.",         \
        .layer_tensors = tensors_, .head = head_,                                                  \
    }

const struct family family_llama = FAMILY("llama", NO_WINDOW, layer_tensors, refused,
                                          &last_token_head, 10000, 1e-6, .is_causal = true);
/* Jiang et al., arXiv 2310.06825: Llama with a window, unless its size is null. */
const struct family family_mistral =
    FAMILY("mistral", MISTRAL_WINDOW, layer_tensors, mistral_refused, &last_token_head, 10000, 1e-6,
           .is_causal = true);
const struct family family_eurobert = FAMILY("eurobert", NO_WINDOW, layer_tensors, refused,
                                             &eurobert_head, 250000, 1e-5, .is_causal = false);
const struct family family_qwen2 = FAMILY("qwen2", NO_WINDOW, qwen2_tensors, qwen_refused,
                                          &last_token_head, 10000, 1e-6, .is_causal = true);
const struct family family_qwen3 =
    FAMILY("qwen3", NO_WINDOW, qwen3_tensors, qwen_refused, &qwen3_head, 10000, 1e-6,
           .is_causal = true, .norms_heads = true);
