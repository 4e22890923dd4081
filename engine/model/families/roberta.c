/* SPDX-License-Identifier: Apache-2.0 */

/* RoBERTa (Liu et al., arXiv 1907.11692), XLM-RoBERTa (Conneau et al., arXiv 1911.02116) and
 * CamemBERT (Martin et al., arXiv 1911.03894): BERT whose positions begin after the padding
 * token's id. */
#include "engine/model/families/families.h"

static const struct family_demand demands[] = {
    {"position_embedding_type", "absolute"},
    {NULL, NULL},
};

static const struct family_tensor head_tensors[] = {
    OUTER_LINEAR("classifier.dense", head.dense, HIDDEN, HIDDEN),
    OUTER_LINEAR("classifier.out_proj", head.output, LABELS, HIDDEN),
    NO_TENSOR,
};

const struct family_head roberta_head = {.tensors = head_tensors, .activation = "torch.nn.Tanh"};

static const struct family_tensor vocabulary_tensors[] = {
    OUTER_LINEAR("lm_head.dense", vocabulary_head.dense, HIDDEN, HIDDEN),
    OUTER_TENSOR("lm_head.layer_norm.weight", vocabulary_head.norm.gamma, HIDDEN, NONE),
    OUTER_TENSOR("lm_head.layer_norm.bias", vocabulary_head.norm.beta, HIDDEN, NONE),
    OUTER_TENSOR("lm_head.bias", vocabulary_head.output.bias, VOCABULARY, NONE),
    NO_TENSOR,
};

static const struct family_tensor vocabulary_output[] = {
    OUTER_LINEAR("lm_head.decoder", vocabulary_head.output, VOCABULARY, HIDDEN),
    NO_TENSOR,
};

const struct family_vocabulary_head roberta_vocabulary_head = {
    .tensors = vocabulary_tensors,
    .output = vocabulary_output,
};

const struct family family_roberta = {
    .model_types = {"roberta", "xlm-roberta", "camembert"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 768},
            [ARCH_LAYERS] = {"num_hidden_layers", 12},
            [ARCH_HEADS] = {"num_attention_heads", 12},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 3072},
            [ARCH_VOCABULARY] = {"vocab_size", 30522},
            [ARCH_POSITIONS] = {"max_position_embeddings", 512},
            [ARCH_TYPES] = {"type_vocab_size", 2},
        },
    .demands = demands,
    .activation_key = "hidden_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-12,
    .features = {.norms_embeddings = true, .skips_padding = true, .padding_id = 1},
    .prefixes = {"roberta."},
    .model_tensors = bert_model_tensors,
    .layer_prefix = "encoder.layer.",
    .layer_tensors = bert_layer_tensors,
    .head = &roberta_head,
    .vocabulary_head = &roberta_vocabulary_head,
};
