/* SPDX-License-Identifier: Apache-2.0 */

/* The keys and queries of distances, which each layer makes of one table by the weights of its
 * tokens' keys and queries (He et al., arXiv 2006.03654, section 3.1). They do not depend on texts
 * and are made at load, in float32 whatever the dtype. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_TABLES_DISENTANGLED_H
#define NESTD_ENGINE_ENCODER_TABLES_DISENTANGLED_H

#include "engine/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct arch;
struct encoder;

/* Fills in all layers' position_keys and position_queries, in n_threads threads; nothing where
 * scores are not disentangled. After the last product is packed. */
MUST_CHECK enum status disentangled_init(struct encoder *encoder, size_t n_threads);

/* The table's row of a distance, key - query. */
uint32_t disentangled_row(const struct arch *arch, ptrdiff_t distance);

#endif
