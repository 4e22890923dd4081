/* SPDX-License-Identifier: Apache-2.0 */

/* ModernBERT (Warner et al., arXiv 2412.13663): norms before, none in front of the first layer's
 * attention; rotary positions of two thetas; two layers of three see a window only. */
#include "engine/model/families/families.h"

static const char *const refused[] = {"attention_bias", "mlp_bias", "norm_bias", NULL};

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.tok_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.norm.weight", embedding_norm.gamma, EMBEDDING, NONE),
    MODEL_TENSOR("final_norm.weight", final_norm.gamma, HIDDEN, NONE),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    SOME_LAYERS_TENSOR("attn_norm.weight", BUT_FIRST, attention_norm.gamma, HIDDEN, NONE),
    LAYER_PART("attn.Wqkv.weight", query.weight, QUERY, HIDDEN, 0, 3),
    LAYER_PART("attn.Wqkv.weight", key.weight, KEY, HIDDEN, 1, 3),
    LAYER_PART("attn.Wqkv.weight", value.weight, KEY, HIDDEN, 2, 3),
    LAYER_TENSOR("attn.Wo.weight", attention_output.weight, HIDDEN, QUERY),
    LAYER_TENSOR("mlp_norm.weight", output_norm.gamma, HIDDEN, NONE),
    LAYER_PART("mlp.Wi.weight", gate.weight, INTERMEDIATE, HIDDEN, 0, 2),
    LAYER_PART("mlp.Wi.weight", intermediate.weight, INTERMEDIATE, HIDDEN, 1, 2),
    LAYER_TENSOR("mlp.Wo.weight", output.weight, HIDDEN, INTERMEDIATE),
    NO_TENSOR,
};

static const struct family_tensor head_tensors[] = {
    OUTER_TENSOR("head.dense.weight", head.dense.weight, HIDDEN, HIDDEN),
    OUTER_TENSOR("head.norm.weight", head.norm.gamma, HIDDEN, NONE),
    OUTER_LINEAR("classifier", head.output, LABELS, HIDDEN),
    NO_TENSOR,
};

static const struct family_demand head_demands[] = {
    {"classifier_activation", "gelu"},
    {NULL, NULL},
};

static const char *const head_refused[] = {"classifier_bias", NULL};

static const struct family_head head = {
    .tensors = head_tensors,
    .activation = "torch.nn.GELU",
    .pooling_key = "classifier_pooling",
    .demands = head_demands,
    .refused = head_refused,
};

static const struct family_tensor vocabulary_tensors[] = {
    OUTER_TENSOR("head.dense.weight", vocabulary_head.dense.weight, HIDDEN, HIDDEN),
    OUTER_TENSOR("head.norm.weight", vocabulary_head.norm.gamma, HIDDEN, NONE),
    OUTER_TENSOR("decoder.bias", vocabulary_head.output.bias, VOCABULARY, NONE),
    NO_TENSOR,
};

static const struct family_tensor vocabulary_output[] = {
    OUTER_LINEAR("decoder", vocabulary_head.output, VOCABULARY, HIDDEN),
    NO_TENSOR,
};

static const struct family_vocabulary_head vocabulary_head = {
    .tensors = vocabulary_tensors,
    .output = vocabulary_output,
    .demands = head_demands,
    .refused = head_refused,
};

const struct family family_modernbert = {
    .model_types = {"modernbert"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 768},
            [ARCH_LAYERS] = {"num_hidden_layers", 22},
            [ARCH_HEADS] = {"num_attention_heads", 12},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 1152},
            [ARCH_VOCABULARY] = {"vocab_size", 50368},
            [ARCH_POSITIONS] = {"max_position_embeddings", 8192},
        },
    .refused = refused,
    .activation_key = "hidden_activation",
    .eps_key = "norm_eps",
    .eps = 1e-5,
    .rotary = {.theta_key = "global_rope_theta",
               .theta = 160000,
               .local_theta_key = "local_rope_theta",
               .local_theta = 10000},
    .window = {.size_key = "local_attention",
               .size = 128,
               .every_key = "global_attn_every_n_layers",
               .every = 3},
    .features = {.norms_embeddings = true,
                 .norm_place = NORM_BEFORE,
                 .is_gated = true,
                 .rotates = true},
    .prefixes = {"model."},
    .model_tensors = model_tensors,
    .layer_prefix = "layers.",
    .layer_tensors = layer_tensors,
    .head = &head,
    .vocabulary_head = &vocabulary_head,
};
