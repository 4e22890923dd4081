/* SPDX-License-Identifier: Apache-2.0 */

/* MPNet (Song et al., arXiv 2004.09297): positions begin at 2, and each head has a bias for each
 * bucket of distances, the same in all layers. The buckets are 32 up to distance 128, whatever the
 * file says. */
#include "engine/model/families/families.h"

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.position_embeddings.weight", position_embeddings, POSITIONS,
                 EMBEDDING),
    EMBEDDING_NORM("embeddings.LayerNorm"),
    MODEL_TENSOR("encoder.relative_attention_bias.weight", score_bias, BUCKETS, HEADS),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_LINEAR("attention.attn.q", query, QUERY, HIDDEN),
    LAYER_LINEAR("attention.attn.k", key, KEY, HIDDEN),
    LAYER_LINEAR("attention.attn.v", value, KEY, HIDDEN),
    LAYER_LINEAR("attention.attn.o", attention_output, HIDDEN, QUERY),
    LAYER_NORM("attention.LayerNorm", attention_norm),
    LAYER_LINEAR("intermediate.dense", intermediate, INTERMEDIATE, HIDDEN),
    LAYER_LINEAR("output.dense", output, HIDDEN, INTERMEDIATE),
    LAYER_NORM("output.LayerNorm", output_norm),
    NO_TENSOR,
};

const struct family family_mpnet = {
    .model_types = {"mpnet"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 768},
            [ARCH_LAYERS] = {"num_hidden_layers", 12},
            [ARCH_HEADS] = {"num_attention_heads", 12},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 3072},
            [ARCH_VOCABULARY] = {"vocab_size", 30527},
            [ARCH_POSITIONS] = {"max_position_embeddings", 512},
            [ARCH_BUCKETS] = {NULL, 32},
            [ARCH_BUCKET_DISTANCE] = {NULL, 128},
        },
    .activation_key = "hidden_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-12,
    .features = {.norms_embeddings = true,
                 .first_position = 2,
                 .skips_padding = true,
                 .padding_id = 1,
                 .score_bias = SCORE_BIAS_BUCKETS},
    .prefixes = {"mpnet."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.layer.",
    .layer_tensors = layer_tensors,
    .head = &roberta_head,
    .vocabulary_head = &roberta_vocabulary_head,
};
