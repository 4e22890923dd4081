/* SPDX-License-Identifier: Apache-2.0 */

/* All tensors of a model folder, whether in model.safetensors or in shards that
 * model.safetensors.index.json lists. Read-only once open; tensors borrow the mappings. */
#ifndef NESTD_ENGINE_MODEL_WEIGHTS_H
#define NESTD_ENGINE_MODEL_WEIGHTS_H

#include "engine/base/status.h"
#include "engine/files/safetensors.h"

#include <stddef.h>

struct weights;

/* A model that was saved with a head has a prefix before every tensor's name: the first of
 * `prefixes`, which end with NULL, that stands before that of `tensor`. They are kept. */
MUST_CHECK enum status weights_open(struct weights **ret_weights, const char *folder,
                                    const char *const *prefixes, const char *tensor,
                                    struct error *error);
void weights_close(struct weights *weights);

/* Finds a tensor by its name without the prefix and demands a shape of dims[n_dims]. The
 * complaint about a missing or misshapen tensor says what was expected. */
MUST_CHECK enum status weights_find(const struct weights *weights, const char *name,
                                    const size_t *dims, size_t n_dims, struct tensor *ret_tensor,
                                    struct error *error);

/* The same of a tensor that has no prefix: a head's, beside the model. */
MUST_CHECK enum status weights_find_outer(const struct weights *weights, const char *name,
                                          const size_t *dims, size_t n_dims,
                                          struct tensor *ret_tensor, struct error *error);

/* Finds a tensor of n_dims dimensions, of any sizes, whole numbers too. Its data is NULL where there
 * is none of that name. */
MUST_CHECK enum status weights_find_any(const struct weights *weights, const char *name,
                                        size_t n_dims, struct tensor *ret_tensor,
                                        struct error *error);

#endif
