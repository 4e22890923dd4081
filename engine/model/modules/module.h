/* SPDX-License-Identifier: Apache-2.0 */

/* What reads one module's own files, for modules.c. Private to this folder. */
#ifndef NESTD_ENGINE_MODEL_MODULES_MODULE_H
#define NESTD_ENGINE_MODEL_MODULES_MODULE_H

#include "engine/files/document.h"
#include "engine/model/modules/modules.h"

/* The module at `path` of the model folder `model_dir`. */
struct module_place {
    const char *model_dir;
    const char *path;
};

/* Opens one of its files; if_there: the document's root is NULL where there is no such file. */
MUST_CHECK enum status module_open(const struct module_place *place, const char *name,
                                   struct document *ret_document, struct error *error);
MUST_CHECK enum status module_open_if_there(const struct module_place *place, const char *name,
                                            struct document *ret_document, struct error *error);

/* Adds to `modules` what the module's files say. */
typedef enum status module_reader(const struct module_place *place, struct modules *modules,
                                  struct error *error);

module_reader module_read_transformer;
module_reader module_read_masked_model;
module_reader module_read_static_embedding;
module_reader module_read_pooling;
module_reader module_read_logit_score;
module_reader module_read_splade_pooling;

/* Of a folder without modules.json; `modules` is as before unless model2vec saved it. */
module_reader module_read_model2vec;

module_reader module_read_dense;
module_reader module_read_layer_norm;
module_reader module_read_normalize;
module_reader module_read_dropout;

#endif
