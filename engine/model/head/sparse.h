/* SPDX-License-Identifier: Apache-2.0 */

/* A sparse embedding (SPLADE: Formal et al., arXiv 2107.05720): a masked language model's head
 * gives each token a score for every token of the vocabulary, and a text has, for each of those, the
 * logarithm of its tokens' scores, pooled. A text's vector is as long as the vocabulary and mostly
 * zeros. For model.c; the encoder makes it. Any thread. */
#ifndef NESTD_ENGINE_MODEL_HEAD_SPARSE_H
#define NESTD_ENGINE_MODEL_HEAD_SPARSE_H

#include "engine/base/status.h"

#include <stdbool.h>

struct document;
struct error;
struct family;
struct model;
struct modules;

enum sparse_pooling {
    SPARSE_NONE, /* vectors are dense */
    SPARSE_MAX,  /* max over tokens of log(1 + relu(score)) */
    SPARSE_SUM,  /* their sum */
};

struct sparse_rule {
    enum sparse_pooling pooling;
    bool logs_twice; /* log(1 + log(1 + relu(score))) of a token */
};

/* "splade", TEI's word for a pooling. */
bool sparse_is_asked_for(const char *pooling_override);

/* Makes a sparse encoder of a model whose arch is read: by its modules, or because
 * `pooling_override` says so. UNSUPPORTED where config.json names no masked language model, or the
 * family has none that is served. */
MUST_CHECK enum status sparse_read(struct model *model, const struct family *family,
                                   const struct document *config, const struct modules *modules,
                                   const char *pooling_override, struct error *error);

#endif
