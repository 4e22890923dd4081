/* SPDX-License-Identifier: Apache-2.0 */

/* BERT (Devlin et al., arXiv 1810.04805), as Hugging Face's BertModel names it. */
#include "engine/model/families/families.h"

static const struct family_demand demands[] = {
    {"position_embedding_type", "absolute"},
    {NULL, NULL},
};

const struct family_tensor bert_model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.position_embeddings.weight", position_embeddings, POSITIONS,
                 EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("embeddings.LayerNorm"),
    NO_TENSOR,
};

const struct family_tensor bert_layer_tensors[] = {
    LAYER_LINEAR("attention.self.query", query, HIDDEN, HIDDEN),
    LAYER_LINEAR("attention.self.key", key, HIDDEN, HIDDEN),
    LAYER_LINEAR("attention.self.value", value, HIDDEN, HIDDEN),
    LAYER_LINEAR("attention.output.dense", attention_output, HIDDEN, HIDDEN),
    LAYER_NORM("attention.output.LayerNorm", attention_norm),
    LAYER_LINEAR("intermediate.dense", intermediate, INTERMEDIATE, HIDDEN),
    LAYER_LINEAR("output.dense", output, HIDDEN, INTERMEDIATE),
    LAYER_NORM("output.LayerNorm", output_norm),
    NO_TENSOR,
};

static const struct family_tensor head_tensors[] = {
    INNER_LINEAR("pooler.dense", head.dense, HIDDEN, HIDDEN),
    OUTER_LINEAR("classifier", head.output, LABELS, HIDDEN),
    NO_TENSOR,
};

const struct family_head bert_head = {.tensors = head_tensors, .activation = "torch.nn.Tanh"};

static const struct family_tensor vocabulary_tensors[] = {
    OUTER_LINEAR("cls.predictions.transform.dense", vocabulary_head.dense, HIDDEN, HIDDEN),
    OUTER_TENSOR("cls.predictions.transform.LayerNorm.weight", vocabulary_head.norm.gamma, HIDDEN,
                 NONE),
    OUTER_TENSOR("cls.predictions.transform.LayerNorm.bias", vocabulary_head.norm.beta, HIDDEN,
                 NONE),
    OUTER_TENSOR("cls.predictions.bias", vocabulary_head.output.bias, VOCABULARY, NONE),
    NO_TENSOR,
};

static const struct family_tensor vocabulary_output[] = {
    OUTER_LINEAR("cls.predictions.decoder", vocabulary_head.output, VOCABULARY, HIDDEN),
    NO_TENSOR,
};

static const struct family_vocabulary_head vocabulary_head = {
    .tensors = vocabulary_tensors,
    .output = vocabulary_output,
    .has_models_activation = true,
};

const struct family family_bert = {
    .model_types = {"bert"},
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
    .features = {.norms_embeddings = true},
    .prefixes = {"bert."},
    .model_tensors = bert_model_tensors,
    .layer_prefix = "encoder.layer.",
    .layer_tensors = bert_layer_tensors,
    .head = &bert_head,
    .vocabulary_head = &vocabulary_head,
};
