/* SPDX-License-Identifier: Apache-2.0 */

/* config.json, as Hugging Face's BertConfig reads it. Any thread. */
#ifndef NESTD_ENGINE_MODEL_SHAPE_H
#define NESTD_ENGINE_MODEL_SHAPE_H

#include "engine/model/document.h"
#include "engine/model/model.h"
#include "engine/status.h"

#include <stddef.h>

/* A key that is absent has BertConfig's default; the bounds are such that no product of sizes
 * overflows. */
MUST_CHECK enum status shape_read(const struct document *config, struct model_shape *ret_shape,
                                  struct error *error);

/* "matryoshka_dimensions": the sizes that the model was trained at, ascending, each from 1 to
 * n_dims, none twice; for the caller to free. NULL and 0 where the key is absent. */
MUST_CHECK enum status shape_read_matryoshka(const struct document *config, size_t n_dims,
                                             size_t **ret_dims, size_t *ret_n_dims,
                                             struct error *error);

#endif
