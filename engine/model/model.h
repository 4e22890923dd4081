/* SPDX-License-Identifier: Apache-2.0 */

/* An encoder or cross-encoder as sentence-transformers saves it, read from its folder: the shape
 * (config.json), the weights (model.safetensors, mapped, as stored), the modules (modules.json and
 * a folder each), the prompts (config_sentence_transformers.json). What the folder asks for and
 * nestd cannot do is refused with file and key. Read-only once loaded. */
#ifndef NESTD_ENGINE_MODEL_MODEL_H
#define NESTD_ENGINE_MODEL_MODEL_H

#include "engine/base/status.h"
#include "engine/files/tensor.h"
#include "engine/model/arch.h"
#include "engine/model/card.h"
#include "engine/model/head/answers.h"
#include "engine/model/head/chat_template.h"
#include "engine/model/head/labels.h"
#include "engine/model/head/sparse.h"
#include "engine/model/modules/token_table.h"
#include "engine/model/prompt.h"
#include "engine/vector/pooling.h"
#include "engine/vector/similarity.h"
#include "engine/vector/transform.h"

#include <stdbool.h>
#include <stddef.h>

/* A linear layer y = x W^T + b, as stored. What a family has not has NULL data. */
struct linear {
    struct tensor weight; /* [n_out, n_in] */
    struct tensor bias;   /* [n_out] */
};

struct layer_norm_weights {
    struct tensor gamma; /* [n]: hidden_size, or a head's size */
    struct tensor beta;  /* [n] */
};

/* One encoder layer: self-attention, then the feed-forward network. Its norms are where
 * arch.norm_place says; those after a half that also has one before it are the outer ones. */
struct model_layer {
    struct linear query;                  /* [query_size, hidden] */
    struct linear key;                    /* [key_size, hidden] */
    struct linear value;                  /* [key_size, hidden] */
    struct layer_norm_weights query_norm; /* of a head */
    struct layer_norm_weights key_norm;   /* of a head */
    struct tensor score_bias;       /* [n_buckets, n_attention_heads], if layers have theirs */
    struct linear attention_output; /* [hidden, query_size] */
    struct layer_norm_weights attention_norm;
    struct layer_norm_weights attention_outer_norm;
    struct linear gate;         /* [intermediate, hidden] */
    struct linear intermediate; /* [intermediate, hidden] */
    struct linear output;       /* [hidden, intermediate] */
    struct linear router;       /* [n_experts, hidden], where the layer has experts */
    struct tensor experts_in;   /* [n_experts x intermediate, hidden], and no intermediate and */
    struct tensor experts_out;  /* output of its own; as large: an expert's output transposed */
    struct tensor experts_bias; /* [hidden]: of their sum */
    struct layer_norm_weights output_norm;
    struct layer_norm_weights output_outer_norm;
};

/* A cross-encoder's head, as stored. What a family has not has NULL data. */
struct head_weights {
    struct linear dense; /* [hidden, hidden] */
    struct layer_norm_weights norm;
    struct linear output;     /* [n_labels, hidden] */
    struct answers answers;   /* of a decoder that judges by them, in place of the three above */
    struct tensor vocabulary; /* then: [vocab, hidden] */
    bool is_tied;             /* which may be the word embeddings */
    bool leaves_padding;      /* the last token is that before any `padding_id` at the end */
    size_t padding_id;
};

/* What makes a token's scores of the vocabulary, as stored. */
struct vocabulary_weights {
    struct linear dense; /* [hidden, hidden] */
    struct layer_norm_weights norm;
    struct linear output; /* [vocab, hidden] */
};

/* A static embedding has a table and no encoder: of `arch` only hidden_size, vocab_size and
 * n_positions are set, and no tensors. */
struct model {
    struct arch arch;
    struct token_table table;          /* NULL weights: there is none, but an encoder */
    bool by_model2vec;                 /* whose rules hold: see tokenizer_follow_model2vec() */
    struct tensor word_embeddings;     /* [vocab, embedding] */
    struct tensor position_embeddings; /* [n_position_rows, embedding] */
    struct tensor type_embeddings;     /* [n_types, embedding] */
    struct layer_norm_weights embedding_norm;
    struct linear convolution; /* [hidden, hidden, convolution_width] */
    struct layer_norm_weights convolution_norm;
    struct linear embedding_projection; /* [hidden, embedding], where there is one */
    struct tensor score_bias;           /* [n_buckets, n_attention_heads], of all layers */
    struct tensor distance_embeddings;  /* [n_distance_rows, hidden] */
    struct layer_norm_weights distance_norm;
    struct layer_norm_weights final_norm; /* where norms are before */
    struct model_layer *layers;           /* [n_layers] */
    struct head_weights head;
    struct labels labels; /* of a cross-encoder, which gives a score for each; none: it embeds */
    struct sparse_rule sparse;                 /* SPARSE_NONE: vectors are dense */
    struct vocabulary_weights vocabulary_head; /* of a sparse embedding */
    enum activation vocabulary_activation;
    bool ties_vocabulary;      /* the output's weights are the word embeddings */
    bool has_types;            /* tokens of a pair's second text have type 1 */
    struct chat_template chat; /* around a pair's texts, which are then one text; or none */

    struct pooling pooling;
    struct transform transform; /* of the pooled vector; a cross-encoder's head */
    bool normalize;             /* modules.json ends with a Normalize */
    bool lowercase;             /* sentence_bert_config.json's do_lower_case, for the tokenizer */
    bool include_prompt;        /* the pooling counts the prompt's tokens (default true) */
    size_t n_dims;              /* of a finished vector */
    size_t default_dims;        /* where a request names no dimensions: n_dims, or truncate_dim */
    size_t max_tokens; /* of one text with special tokens: min(max_seq_length, n_positions) */
    enum similarity similarity;
    struct prompt *prompts; /* [n_prompts] */
    size_t n_prompts;
    const struct prompt *default_prompt; /* one of `prompts`, or NULL */
    size_t
        *matryoshka_dims; /* [n_matryoshka_dims], ascending: config.json's matryoshka_dimensions */
    size_t n_matryoshka_dims;
    char **notes; /* [n_notes]: what a person should know, such as "no modules.json: ..." */
    size_t n_notes;
    struct card card;

    /* The folder of the Transformer module, which holds the tokenizer's files too: the model folder
     * or, in some of the oldest models, 0_Transformer in it. */
    char *transformer_dir;
    struct weights *weights; /* private: the open files */
};

/* `pooling_override`: a mode's short name ("cls", "mean" ...), "splade" or NULL for the folder's own. */
MUST_CHECK enum status model_load(struct model **ret_model, const char *model_dir,
                                  const char *pooling_override, struct error *error);
void model_free(struct model *model);

#endif
