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
    ARCH_INTERMEDIATE,
    ARCH_VOCABULARY,
    ARCH_POSITIONS,
    ARCH_TYPES,
    N_ARCH_SIZES,
    ARCH_NONE, /* of a vector, which has no columns */
};

size_t arch_size(const struct arch *arch, enum arch_size size);

/* A key of config.json, and its value where it is absent. No key: always that value. */
struct family_size {
    const char *key;
    size_t preset;
};

/* A key that may only have this word, which it also has where it is absent. */
struct family_demand {
    const char *key;
    const char *word;
};

struct family_tensor {
    const char *name;
    size_t offset; /* of a struct tensor in struct model, or in struct model_layer */
    enum arch_size rows;
    enum arch_size columns;
};

struct family {
    const char *model_type; /* config.json's word for it */

    const struct family_size sizes[N_ARCH_SIZES];
    const struct family_demand *demands; /* ends with a NULL key */
    const char *activation_key;
    const char *eps_key; /* NULL: eps is fixed */
    double eps;

    const char *prefix; /* of every tensor of a model that was saved with a head: "bert." */
    const struct family_tensor *model_tensors; /* end with a NULL name; the first is always there */
    const char *layer_prefix;                  /* of layer N's tensors, before "N." */
    const struct family_tensor *layer_tensors; /* end with a NULL name */
};

/* By config.json's "model_type"; UNSUPPORTED names those that are served. */
MUST_CHECK enum status family_find(const struct document *config, const struct family **ret_family,
                                   struct error *error);

/* ---- for the tables ---- */

#define MODEL_TENSOR(name, role, rows, columns)                                                    \
    {                                                                                              \
        name, offsetof(struct model, role), ARCH_##rows, ARCH_##columns                            \
    }
#define LAYER_TENSOR(name, role, rows, columns)                                                    \
    {                                                                                              \
        name, offsetof(struct model_layer, role), ARCH_##rows, ARCH_##columns                      \
    }
#define MODEL_NORM(name, role)                                                                     \
    MODEL_TENSOR(name ".weight", role.gamma, HIDDEN, NONE),                                        \
        MODEL_TENSOR(name ".bias", role.beta, HIDDEN, NONE)
#define LAYER_NORM(name, role)                                                                     \
    LAYER_TENSOR(name ".weight", role.gamma, HIDDEN, NONE),                                        \
        LAYER_TENSOR(name ".bias", role.beta, HIDDEN, NONE)
/* y [rows] = x [columns] W^T + b */
#define LAYER_LINEAR(name, role, rows, columns)                                                    \
    LAYER_TENSOR(name ".weight", role.weight, rows, columns),                                      \
        LAYER_TENSOR(name ".bias", role.bias, rows, NONE)

#endif
