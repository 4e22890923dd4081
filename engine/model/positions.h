/* SPDX-License-Identifier: Apache-2.0 */

/* What config.json says of where tokens stand: the table of positions, rotary positions, local
 * layers. Private to model/. */
#ifndef NESTD_ENGINE_MODEL_POSITIONS_H
#define NESTD_ENGINE_MODEL_POSITIONS_H

#include "engine/base/status.h"
#include "engine/files/document.h"
#include "engine/model/family.h"

/* Fills what struct arch has of them; the sizes are read already, n_position_rows as the file has
 * it. */
MUST_CHECK enum status positions_read(const struct document *config, const struct family *family,
                                      struct arch *arch, struct error *error);

#endif
