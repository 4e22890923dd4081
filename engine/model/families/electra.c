/* SPDX-License-Identifier: Apache-2.0 */

/* ELECTRA (Clark et al., arXiv 2003.10555): BERT, whose embeddings may be narrower than its
 * layers. */
#include "engine/model/families/families.h"

static const struct family_demand demands[] = {
    {"position_embedding_type", "absolute"},
    {NULL, NULL},
};

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.position_embeddings.weight", position_embeddings, POSITIONS,
                 EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("embeddings.LayerNorm"),
    {.name = "embeddings_project.weight",
     .offset = offsetof(struct model, embedding_projection.weight),
     .rows = ARCH_HIDDEN,
     .columns = ARCH_EMBEDDING,
     .widens = true},
    {.name = "embeddings_project.bias",
     .offset = offsetof(struct model, embedding_projection.bias),
     .rows = ARCH_HIDDEN,
     .columns = ARCH_NONE,
     .widens = true},
    NO_TENSOR,
};

static const struct family_tensor head_tensors[] = {
    OUTER_LINEAR("classifier.dense", head.dense, HIDDEN, HIDDEN),
    OUTER_LINEAR("classifier.out_proj", head.output, LABELS, HIDDEN),
    NO_TENSOR,
};

static const struct family_head head = {.tensors = head_tensors, .activation = "torch.nn.GELU"};

const struct family family_electra = {
    .model_types = {"electra"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 256},
            [ARCH_LAYERS] = {"num_hidden_layers", 12},
            [ARCH_HEADS] = {"num_attention_heads", 4},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 1024},
            [ARCH_VOCABULARY] = {"vocab_size", 30522},
            [ARCH_EMBEDDING] = {"embedding_size", 128},
            [ARCH_POSITIONS] = {"max_position_embeddings", 512},
            [ARCH_TYPES] = {"type_vocab_size", 2},
        },
    .demands = demands,
    .activation_key = "hidden_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-12,
    .features = {.norms_embeddings = true},
    .prefixes = {"electra."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.layer.",
    .layer_tensors = bert_layer_tensors,
    .head = &head,
};
