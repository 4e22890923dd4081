/* SPDX-License-Identifier: Apache-2.0 */

/* DistilBERT (Sanh et al., arXiv 1910.01108), as Hugging Face's DistilBertModel names it: BERT
 * without token types. Where "sinusoidal_pos_embds" is true its positions were only begun as
 * sinusoids: they are stored like any others. */
#include "engine/model/families/families.h"

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.position_embeddings.weight", position_embeddings, POSITIONS,
                 EMBEDDING),
    EMBEDDING_NORM("embeddings.LayerNorm"),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_LINEAR("attention.q_lin", query, HIDDEN, HIDDEN),
    LAYER_LINEAR("attention.k_lin", key, HIDDEN, HIDDEN),
    LAYER_LINEAR("attention.v_lin", value, HIDDEN, HIDDEN),
    LAYER_LINEAR("attention.out_lin", attention_output, HIDDEN, HIDDEN),
    LAYER_NORM("sa_layer_norm", attention_norm),
    LAYER_LINEAR("ffn.lin1", intermediate, INTERMEDIATE, HIDDEN),
    LAYER_LINEAR("ffn.lin2", output, HIDDEN, INTERMEDIATE),
    LAYER_NORM("output_layer_norm", output_norm),
    NO_TENSOR,
};

static const struct family_tensor head_tensors[] = {
    OUTER_LINEAR("pre_classifier", head.dense, HIDDEN, HIDDEN),
    OUTER_LINEAR("classifier", head.output, LABELS, HIDDEN),
    NO_TENSOR,
};

static const struct family_head head = {.tensors = head_tensors, .activation = "torch.nn.ReLU"};

static const struct family_tensor vocabulary_tensors[] = {
    OUTER_LINEAR("vocab_transform", vocabulary_head.dense, HIDDEN, HIDDEN),
    OUTER_TENSOR("vocab_layer_norm.weight", vocabulary_head.norm.gamma, HIDDEN, NONE),
    OUTER_TENSOR("vocab_layer_norm.bias", vocabulary_head.norm.beta, HIDDEN, NONE),
    OUTER_TENSOR("vocab_projector.bias", vocabulary_head.output.bias, VOCABULARY, NONE),
    NO_TENSOR,
};

static const struct family_tensor vocabulary_output[] = {
    OUTER_LINEAR("vocab_projector", vocabulary_head.output, VOCABULARY, HIDDEN),
    NO_TENSOR,
};

static const struct family_vocabulary_head vocabulary_head = {
    .tensors = vocabulary_tensors,
    .output = vocabulary_output,
    .has_models_activation = true,
};

const struct family family_distilbert = {
    .model_types = {"distilbert"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"dim", 768},
            [ARCH_LAYERS] = {"n_layers", 6},
            [ARCH_HEADS] = {"n_heads", 12},
            [ARCH_INTERMEDIATE] = {"hidden_dim", 3072},
            [ARCH_VOCABULARY] = {"vocab_size", 30522},
            [ARCH_POSITIONS] = {"max_position_embeddings", 512},
            [ARCH_TYPES] = {NULL, 0},
        },
    .activation_key = "activation",
    .eps = 1e-12,
    .features = {.norms_embeddings = true},
    .prefixes = {"distilbert."},
    .model_tensors = model_tensors,
    .layer_prefix = "transformer.layer.",
    .layer_tensors = layer_tensors,
    .head = &head,
    .vocabulary_head = &vocabulary_head,
};
