/* SPDX-License-Identifier: Apache-2.0 */

/* An encoder's architecture as features. The encoder is built from these alone and never hears the
 * name of a model family (family.h). Any thread. */
#ifndef NESTD_ENGINE_MODEL_ARCH_H
#define NESTD_ENGINE_MODEL_ARCH_H

#include "engine/base/status.h"
#include "engine/files/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct family;

enum activation {
    ACTIVATION_GELU,      /* x * Phi(x), by erf */
    ACTIVATION_GELU_TANH, /* "gelu_new", "gelu_pytorch_tanh": the approximation by tanh */
    ACTIVATION_RELU,
    ACTIVATION_SILU, /* x / (1 + e^-x) */
};

/* Where a layer's norms stand; x is the residual stream, f one of the layer's two halves. */
enum norm_place {
    NORM_AFTER,  /* x = norm(x + f(x)) */
    NORM_BEFORE, /* x = x + f(norm(x)), and a norm after the last layer */
    NORM_AROUND, /* x = x + norm(f(norm'(x))), and a norm after the last layer */
};

enum norm_kind {
    NORM_LAYER,        /* Ba et al., arXiv 1607.06450 */
    NORM_RMS,          /* Zhang and Sennrich, arXiv 1910.07467 */
    NORM_RMS_PLUS_ONE, /* the same with weights that are stored less one */
};

/* What is added to a score by the distance between its two tokens. */
enum score_bias {
    SCORE_BIAS_NONE,
    SCORE_BIAS_BUCKETS, /* learned, for ranges of distances: Raffel et al., arXiv 1910.10683, 2.1 */
    SCORE_BIAS_LINEAR,  /* ALiBi in both directions: Press et al., arXiv 2108.12409 */
};

/* Rotary positions (Su et al., arXiv 2104.09864): pair k of a head's d numbers, k and k + d / 2,
 * turns by the position times theta^(-2 k / d) / divisor. */
struct rotary {
    float theta;
    double divisor;
};

enum { ARCH_MAX_LAYERS = 1 << 10, ARCH_MAX_CONVOLUTION = 63 };

struct arch {
    size_t hidden_size;
    size_t n_layers;
    size_t n_attention_heads;
    size_t n_kv_heads; /* each key and value serves n_attention_heads / n_kv_heads queries */
    size_t head_size;
    size_t intermediate_size;
    size_t vocab_size;
    size_t n_positions; /* how many tokens a text may have */
    size_t n_types;     /* token types; a text's is 0; 0: the model has none */
    size_t n_labels;    /* of its head; 0: it has none */

    /* What enters the first layer. */
    size_t embedding_size;  /* of the tables; a product follows where it is not hidden_size, and in
                               some families always */
    size_t n_position_rows; /* of the table of positions; 0: there is none */
    size_t first_position;  /* the table's row of a text's first token */
    bool skips_padding;     /* a token `padding_id` is at the row before, and counts for nothing */
    size_t padding_id;
    bool scales_embeddings; /* the words' rows, by the root of hidden_size */
    float embedding_scale;
    bool norms_embeddings;

    /* Layers. */
    float norm_eps;
    enum norm_kind norm_kind;
    enum norm_place norm_place;
    enum activation activation;
    bool is_gated;   /* activation(gate(x)) * intermediate(x) */
    size_t n_groups; /* of layers: those of a group share their weights; n_layers as a rule */

    /* A convolution over a text's rows before the first layer, odd numbers of them; its activation
     * is added to what the layer makes of them, and normed. */
    size_t convolution_width; /* rows; 0: there is none */
    enum activation convolution_activation;

    /* Experts (Shazeer et al., arXiv 1701.06538): in some layers several feed-forward networks, of
     * which each token has those with the largest shares by a router's softmax; their results are
     * added, each times its share. */
    size_t n_experts;        /* 0: no layer has them */
    size_t n_chosen_experts; /* for a token */
    size_t expert_interval;  /* layer i has them where i % interval is 1 */

    /* Attention. */
    float attention_scale;
    bool is_causal;   /* a token does not see later ones */
    bool norms_heads; /* each head's query and key, by the RMS norm */
    enum score_bias score_bias;
    bool has_layer_biases; /* of SCORE_BIAS_BUCKETS: each layer learned its own */
    size_t n_buckets; /* of SCORE_BIAS_BUCKETS; of disentangled scores each way, 0: no buckets */
    size_t max_bucket_distance; /* the last bucket has all beyond it */
    /* Disentangled scores (He et al., arXiv 2006.03654): the keys and queries of distances are
     * added, which are a table's rows, projected as a token's; half of the rows are for each way.
     */
    bool is_disentangled;     /* either of the two, or both */
    bool content_to_position; /* a query with the key of its key's distance */
    bool position_to_content; /* a key with the query of its query's distance */
    size_t n_distance_rows;
    bool rotates;
    struct rotary rotary[2]; /* by is_local */
    size_t window;           /* how far a token sees in a local layer */
    bool is_local[ARCH_MAX_LAYERS];

    /* What follows from these. */
    size_t query_size;  /* n_attention_heads x head_size */
    size_t key_size;    /* n_kv_heads x head_size: of keys, and of values */
    size_t expert_rows; /* n_experts x intermediate_size */
};

/* Reads config.json by the tables of its family. The bounds are such that no product of sizes
 * overflows. */
MUST_CHECK enum status arch_read(const struct document *config, const struct family *family,
                                 struct arch *ret_arch, struct error *error);

bool arch_has_local_layers(const struct arch *arch);
bool arch_has_experts(const struct arch *arch, size_t layer);

/* Columns of query, key and value side by side. */
static inline size_t arch_qkv_size(const struct arch *arch)
{
    return arch->query_size + 2 * arch->key_size;
}

/* Columns of the product that widens: the gate's too, where there is one. */
static inline size_t arch_wide_size(const struct arch *arch)
{
    return arch->is_gated ? 2 * arch->intermediate_size : arch->intermediate_size;
}

#endif
