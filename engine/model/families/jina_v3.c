/* SPDX-License-Identifier: Apache-2.0 */

/* jina-embeddings-v3 without its adapters (Sturua et al., arXiv 2409.10173): XLM-RoBERTa with rotary
 * positions. Adapters in the file ("lora_adaptations") must be merged first. */
#include "engine/model/families/families.h"

static const char *const refused[] = {"lora_adaptations", "use_flash_attn_only", NULL};

static const struct family_tensor model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("emb_ln"),
    NO_TENSOR,
};

static const struct family_tensor layer_tensors[] = {
    LAYER_LINEAR_PART("mixer.Wqkv", query, QUERY, HIDDEN, 0, 3),
    LAYER_LINEAR_PART("mixer.Wqkv", key, KEY, HIDDEN, 1, 3),
    LAYER_LINEAR_PART("mixer.Wqkv", value, KEY, HIDDEN, 2, 3),
    LAYER_LINEAR("mixer.out_proj", attention_output, HIDDEN, QUERY),
    LAYER_NORM("norm1", attention_norm),
    LAYER_LINEAR("mlp.fc1", intermediate, INTERMEDIATE, HIDDEN),
    LAYER_LINEAR("mlp.fc2", output, HIDDEN, INTERMEDIATE),
    LAYER_NORM("norm2", output_norm),
    NO_TENSOR,
};

const struct family family_jina_v3 = {
    .model_types = {"jina_embeddings_v3"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 1024},
            [ARCH_LAYERS] = {"num_hidden_layers", 24},
            [ARCH_HEADS] = {"num_attention_heads", 16},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 4096},
            [ARCH_VOCABULARY] = {"vocab_size", 250002},
            [ARCH_POSITIONS] = {"max_position_embeddings", 8194},
            [ARCH_TYPES] = {"type_vocab_size", 1},
        },
    .refused = refused,
    .activation_key = "hidden_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-5,
    .rotary = {.theta_key = "rotary_emb_base", .theta = 20000},
    .features = {.norms_embeddings = true, .rotates = true},
    .prefixes = {"roberta."},
    .model_tensors = model_tensors,
    .layer_prefix = "encoder.layers.",
    .layer_tensors = layer_tensors,
    .head = &roberta_head,
};

/* jina-reranker-v2: the same code with a table of positions, as XLM-RoBERTa has it. Its config.json
 * has no "model_type". */
static const struct family_tensor table_model_tensors[] = {
    MODEL_TENSOR("embeddings.word_embeddings.weight", word_embeddings, VOCABULARY, EMBEDDING),
    MODEL_TENSOR("embeddings.position_embeddings.weight", position_embeddings, POSITIONS,
                 EMBEDDING),
    MODEL_TENSOR("embeddings.token_type_embeddings.weight", type_embeddings, TYPES, EMBEDDING),
    EMBEDDING_NORM("emb_ln"),
    NO_TENSOR,
};

static const char *const flash_refused[] = {"lora_adaptations", "emb_pooler", NULL};

const struct family family_xlm_roberta_flash = {
    .code = "XLMRobertaFlashConfig",
    .selector = {"position_embedding_type", "absolute"},
    .sizes =
        {
            [ARCH_HIDDEN] = {"hidden_size", 768},
            [ARCH_LAYERS] = {"num_hidden_layers", 12},
            [ARCH_HEADS] = {"num_attention_heads", 12},
            [ARCH_INTERMEDIATE] = {"intermediate_size", 3072},
            [ARCH_VOCABULARY] = {"vocab_size", 250002},
            [ARCH_POSITIONS] = {"max_position_embeddings", 512},
            [ARCH_TYPES] = {"type_vocab_size", 1},
        },
    .refused = flash_refused,
    .has_own_code = true,
    .activation_key = "hidden_act",
    .eps_key = "layer_norm_eps",
    .eps = 1e-5,
    .features = {.norms_embeddings = true, .skips_padding = true, .padding_id = 1},
    .prefixes = {"roberta."},
    .model_tensors = table_model_tensors,
    .layer_prefix = "encoder.layers.",
    .layer_tensors = layer_tensors,
    .head = &roberta_head,
};
