/* SPDX-License-Identifier: Apache-2.0 */

/* modules.json, which lists a Transformer and a Pooling or a SpladePooling, or a StaticEmbedding,
 * and then perhaps
 * Dense, LayerNorm, Normalize and Dropout modules in any order, the configuration files of all but
 * the first, and the weights of those that have some; of a cross-encoder a Transformer alone, or
 * with a LogitScore. All spellings from sentence-transformers 2 to 6 are read. Any thread. */
#ifndef NESTD_ENGINE_MODEL_MODULES_MODULES_H
#define NESTD_ENGINE_MODEL_MODULES_MODULES_H

#include "engine/base/status.h"
#include "engine/model/head/answers.h"
#include "engine/model/head/sparse.h"
#include "engine/model/modules/token_table.h"
#include "engine/vector/pooling.h"
#include "engine/vector/transform.h"

#include <stdbool.h>
#include <stddef.h>

struct modules {
    bool found;                /* false: no modules.json, and the rest is as sentence-transformers
                               then does it: mean pooling, nothing else */
    char *transformer_path;    /* in the model folder: "" as a rule; the StaticEmbedding's */
    struct token_table table;  /* the StaticEmbedding's */
    bool by_model2vec;         /* no modules.json, but model2vec's config.json: its rules hold */
    size_t max_tokens;         /* of a text, by model2vec; 0: no limit */
    bool is_masked_model;      /* the Transformer is an MLMTransformer */
    struct sparse_rule sparse; /* the SpladePooling's */
    bool pools;                /* it lists a Pooling; a cross-encoder's lists none */
    struct answers answers;    /* of its LogitScore */
    struct pooling pooling;
    bool include_prompt;
    size_t embedding_dims;      /* what the pooling expects of a token; 0: it does not say */
    struct transform transform; /* what follows the Pooling, but for a Normalize at the end */
    bool normalize;             /* the end is a Normalize */
    size_t n_dims;              /* of what the last module read gives */
};

MUST_CHECK enum status modules_read(struct modules *ret_modules, const char *model_dir,
                                    struct error *error);

/* STATUS_UNSUPPORTED where modules.json has no Pooling. */
MUST_CHECK enum status modules_demand_pooling(const struct modules *modules, struct error *error);

void modules_release(struct modules *modules);

#endif
