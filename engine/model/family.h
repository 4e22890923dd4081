/* SPDX-License-Identifier: Apache-2.0 */

/* A model family as data: what config.json's keys are called and which tensor plays which role. A
 * family is one file in families/ and one line in family.c; what it does differently from others is
 * a feature of struct arch. Private to model/. */
#ifndef NESTD_ENGINE_MODEL_FAMILY_H
#define NESTD_ENGINE_MODEL_FAMILY_H

#include "engine/base/status.h"
#include "engine/model/model.h"

#include <stddef.h>

/* The sizes of an architecture, which its tensors are made of. */
enum arch_size {
    ARCH_HIDDEN,
    ARCH_LAYERS,
    ARCH_HEADS,
    ARCH_KV_HEADS, /* not in the table, or 0: as many as heads */
    ARCH_HEAD,     /* a head's size; 0: hidden / heads */
    ARCH_INTERMEDIATE,
    ARCH_VOCABULARY,
    ARCH_EMBEDDING, /* 0: hidden */
    ARCH_POSITIONS, /* rows of the table of positions or, without one, the longest text */
    ARCH_TYPES,
    ARCH_BUCKETS,
    ARCH_BUCKET_DISTANCE,
    ARCH_EXPERTS,
    ARCH_CHOSEN_EXPERTS,
    ARCH_EXPERT_INTERVAL,
    ARCH_CONVOLUTION,
    ARCH_GROUPS, /* of layers that share weights; 0: every layer has its own */
    N_ARCH_KEYS,

    ARCH_QUERY = N_ARCH_KEYS, /* heads x head */
    ARCH_KEY,                 /* kv heads x head */
    ARCH_EXPERT_ROWS,         /* experts x intermediate */
    ARCH_DISTANCES,           /* rows of the table of distances */
    ARCH_LABELS,              /* of the head */
    N_ARCH_SIZES,
    ARCH_NONE, /* of a vector, which has no columns */
};

size_t arch_size(const struct arch *arch, enum arch_size size);

/* A key of config.json, and its value where it is absent. No key: always that value. */
struct family_size {
    const char *key;
    size_t preset;
    const char *old_key; /* what older files call it */
};

/* A key that may only have this word, which it also has where it is absent. */
struct family_demand {
    const char *key;
    const char *word;
};

/* Which layers have a tensor. */
enum family_layers {
    LAYERS_ALL,
    LAYERS_BUT_FIRST,
    LAYERS_WITH_EXPERTS,
    LAYERS_WITHOUT_EXPERTS,
};

struct family_tensor {
    const char *name;
    size_t offset; /* of a struct tensor in struct model, or in struct model_layer */
    enum arch_size rows;
    enum arch_size columns;
    unsigned part; /* the rows are part `part` of n_parts of the tensor's; 0 of 0: all of it */
    unsigned n_parts;
    enum family_layers layers;
    bool is_outer;        /* no prefix stands before its name */
    enum arch_size needs; /* only there where this size is more than 0 */
    bool is_deep;         /* has ARCH_CONVOLUTION as its third dimension */
    bool widens;          /* only there where embeddings are not as wide as layers */
};

/* What a file calls the thetas of rotary positions, where it has no "rope_parameters". */
struct family_rotary {
    const char *theta_key;
    double theta;
    const char *local_theta_key; /* of local layers; NULL: there are none */
    double local_theta;
};

/* Which layers are local: by "layer_types", or else all but every n-th. */
struct family_window {
    const char *size_key; /* NULL: the family has no local layers */
    size_t size;          /* how many tokens are seen: before, or on both sides together */
    const char *every_key;
    size_t every;
    bool global_is_last; /* of each n layers; else the first */
    bool is_everywhere;  /* all layers are local, but where the size is null none is */
};

/* The head of a family's ...ForSequenceClassification: output(norm(activation(dense(pooled)))), of
 * which it may have the output alone. */
struct family_head {
    const struct family_tensor *tensors; /* end with a NULL name */
    const char *activation;              /* "torch.nn.Tanh" */
    enum pooling_mode pooling;
    const char *pooling_key;  /* whose word is stronger, "cls" or "mean"; NULL: none is */
    const char *first_word;   /* what that key calls "cls"; NULL: that */
    const char *pooling_word; /* what stands for the key where it is absent; NULL: `pooling` */
    const struct family_demand *demands; /* ends with a NULL key; NULL: there are none */
    const char *const *refused;          /* ends with NULL; NULL: there are none */
    /* Of a decoder that judges by answers, in place of its tensors: the rows that make logits of the
     * next token, where they are not the word embeddings. NULL: none of the family does. */
    const struct family_tensor *vocabulary;
    const char *const *chat; /* [3]: a template's parts, where the folder has none; NULL: it must */
};

/* The head of a family's ...ForMaskedLM: output(norm(activation(dense(token)))), as wide as the
 * vocabulary. */
struct family_vocabulary_head {
    const struct family_tensor *tensors; /* with the output's bias; end with a NULL name */
    const struct family_tensor *output;  /* whole, where its weights are not the word embeddings */
    bool has_models_activation;          /* else GELU by erf */
    const struct family_demand *demands; /* ends with a NULL key; NULL: there are none */
    const char *const *refused;          /* ends with NULL; NULL: there are none */
};

struct family {
    const char *const model_types[4]; /* config.json's words for it */
    const char *code; /* the class in "auto_map" that stands for the words; NULL: none does */
    const struct family_demand selector; /* a key that must have this word; no key: none must */

    const struct family_size sizes[N_ARCH_KEYS];
    const struct family_demand *demands; /* ends with a NULL key; NULL: there are none */
    const char *const *refused;          /* keys that must ask for nothing; ends with NULL */
    const char *const *refused_counts;   /* keys that may be 0, too */
    const char *const *ones;             /* keys that may only be 1; ends with NULL */
    bool has_own_code;                   /* "auto_map" names the code that this family is */
    const char *convolution_activation_key;
    const char *activation_key; /* NULL: the features' */
    const char *old_activation_key;
    const char *eps_key; /* NULL: eps is fixed */
    const char *old_eps_key;
    double eps;
    const char *scale_key;         /* the scores' scale is 1 / sqrt of this; NULL: head size */
    double scaled_by;              /* where scale_key is absent */
    const char *bidirectional_key; /* true: not causal */
    const char *table_key; /* false: there is no table of positions; NULL: as the tensors say */
    const struct family_rotary rotary; /* where the features rotate */
    const struct family_window window;
    bool is_unlimited;    /* ARCH_POSITIONS limits texts only where no file of theirs does */
    struct arch features; /* what is the same in every model of the family */

    /* Of every tensor of a model that was saved with a head: "bert."; end with NULL. */
    const char *const prefixes[3];
    const struct family_tensor *model_tensors; /* end with a NULL name; the first is always there */
    const char *layer_prefix;                  /* of layer N's tensors, before "N" */
    const char *layer_infix;                   /* after "N"; NULL: "." */
    const struct family_tensor *layer_tensors; /* end with a NULL name */
    const struct family_head *head;            /* NULL: no head of it is served */
    const struct family_vocabulary_head *vocabulary_head; /* the same */
};

/* By config.json's "model_type"; UNSUPPORTED names those that are served. */
MUST_CHECK enum status family_find(const struct document *config, const struct family **ret_family,
                                   struct error *error);

/* What a message calls it: config.json's word, or the class that stands for one. */
const char *family_name(const struct family *family);

/* ---- for the tables ---- */

#define NO_TENSOR                                                                                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }
#define MODEL_TENSOR(name_, role, rows_, columns_)                                                 \
    {                                                                                              \
        .name = name_, .offset = offsetof(struct model, role), .rows = ARCH_##rows_,               \
        .columns = ARCH_##columns_                                                                 \
    }
#define LAYER_TENSOR(name_, role, rows_, columns_)                                                 \
    {                                                                                              \
        .name = name_, .offset = offsetof(struct model_layer, role), .rows = ARCH_##rows_,         \
        .columns = ARCH_##columns_                                                                 \
    }
#define SOME_LAYERS_TENSOR(name_, layers_, role, rows_, columns_)                                  \
    {                                                                                              \
        .name = name_, .offset = offsetof(struct model_layer, role), .rows = ARCH_##rows_,         \
        .columns = ARCH_##columns_, .layers = LAYERS_##layers_                                     \
    }
#define EMBEDDING_NORM(name)                                                                       \
    MODEL_TENSOR(name ".weight", embedding_norm.gamma, EMBEDDING, NONE),                           \
        MODEL_TENSOR(name ".bias", embedding_norm.beta, EMBEDDING, NONE)
#define LAYER_NORM(name, role)                                                                     \
    LAYER_TENSOR(name ".weight", role.gamma, HIDDEN, NONE),                                        \
        LAYER_TENSOR(name ".bias", role.beta, HIDDEN, NONE)
/* y [rows] = x [columns] W^T + b */
#define LAYER_LINEAR(name, role, rows, columns)                                                    \
    LAYER_TENSOR(name ".weight", role.weight, rows, columns),                                      \
        LAYER_TENSOR(name ".bias", role.bias, rows, NONE)
/* The same, whose rows are part `part_` of n_parts_ of a tensor's. */
#define LAYER_PART(name_, role, rows_, columns_, part_, n_parts_)                                  \
    {                                                                                              \
        .name = name_, .offset = offsetof(struct model_layer, role), .rows = ARCH_##rows_,         \
        .columns = ARCH_##columns_, .part = part_, .n_parts = n_parts_                             \
    }
#define LAYER_LINEAR_PART(name, role, rows, columns, part, n_parts)                                \
    LAYER_PART(name ".weight", role.weight, rows, columns, part, n_parts),                         \
        LAYER_PART(name ".bias", role.bias, rows, NONE, part, n_parts)

/* Of a head: beneath the model's prefix, or beside it. */
#define INNER_LINEAR(name, role, rows, columns)                                                    \
    MODEL_TENSOR(name ".weight", role.weight, rows, columns),                                      \
        MODEL_TENSOR(name ".bias", role.bias, rows, NONE)
#define OUTER_TENSOR(name_, role, rows_, columns_)                                                 \
    {                                                                                              \
        .name = name_, .offset = offsetof(struct model, role), .rows = ARCH_##rows_,               \
        .columns = ARCH_##columns_, .is_outer = true                                               \
    }
#define OUTER_LINEAR(name, role, rows, columns)                                                    \
    OUTER_TENSOR(name ".weight", role.weight, rows, columns),                                      \
        OUTER_TENSOR(name ".bias", role.bias, rows, NONE)

#endif
