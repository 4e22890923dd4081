/* SPDX-License-Identifier: Apache-2.0 */

/* A model's tensors, found by its family's tables. For model.c. */
#ifndef NESTD_ENGINE_MODEL_FAMILIES_FIND_TENSORS_H
#define NESTD_ENGINE_MODEL_FAMILIES_FIND_TENSORS_H

#include "engine/base/status.h"

struct family;
struct model;

/* Opens the weights of a model whose arch and head are read, and finds each of its tensors. INVALID,
 * by file and tensor, for one that is missing or of another shape. */
MUST_CHECK enum status find_tensors(struct model *model, const struct family *family,
                                    struct error *error);

#endif
