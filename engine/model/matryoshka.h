/* SPDX-License-Identifier: Apache-2.0 */

/* The dimensions that a model was trained at with a Matryoshka loss (Kusupati et al., arXiv
 * 2205.13147). Any thread. */
#ifndef NESTD_ENGINE_MODEL_MATRYOSHKA_H
#define NESTD_ENGINE_MODEL_MATRYOSHKA_H

#include "engine/base/status.h"
#include "engine/files/document.h"

#include <stddef.h>

/* config.json's "matryoshka_dimensions": ascending, each from 1 to n_dims, none twice; for the
 * caller to free. NULL and 0 where the key is absent. */
MUST_CHECK enum status matryoshka_read(const struct document *config, size_t n_dims,
                                       size_t **ret_dims, size_t *ret_n_dims, struct error *error);

/* The sizes in what sentence-transformers writes of MatryoshkaLoss' parameters, as JSON or in
 * Python: `"matryoshka_dims": [768, 512]`, of every such list in the text. In the form above. A
 * size beyond n_dims makes STATUS_INVALID. */
MUST_CHECK enum status matryoshka_find(const char *text, size_t len_bytes, size_t n_dims,
                                       size_t **ret_dims, size_t *ret_n_dims, struct error *error);

#endif
