/* SPDX-License-Identifier: Apache-2.0 */

/* What DeBERTa's config.json says of scores by distance. Private to model/. */
#ifndef NESTD_ENGINE_MODEL_DISENTANGLED_H
#define NESTD_ENGINE_MODEL_DISENTANGLED_H

#include "engine/base/status.h"
#include "engine/files/document.h"
#include "engine/model/arch.h"

/* Fills in the terms, the distances and the scale. `arch` has its sizes already. */
MUST_CHECK enum status disentangled_read(const struct document *config, struct arch *arch,
                                         struct error *error);

#endif
