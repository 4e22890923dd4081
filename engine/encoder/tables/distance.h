/* SPDX-License-Identifier: Apache-2.0 */

/* What attention adds to its scores by the distance between two tokens: learned biases, ALiBi's,
 * and minus infinity for what a token does not see. Made at load. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_TABLES_DISTANCE_H
#define NESTD_ENGINE_ENCODER_TABLES_DISTANCE_H

#include "engine/base/status.h"

#include <stddef.h>
#include <stdint.h>

struct arch;
struct model;

/* A table for each kind of layer (local or not), or for each layer where they learned their own, and
 * for each head where heads differ. */
struct distance_tables {
    float *values; /* [n_kinds, n_heads, size]; NULL: nothing is added */
    size_t n_heads;
    size_t size;    /* distances from -(size / 2) on */
    uint32_t *rows; /* [size]: disentangled_row() of each; NULL: scores are not disentangled */
};

MUST_CHECK enum status distance_tables_init(struct distance_tables *tables,
                                            const struct model *model);
void distance_tables_release(struct distance_tables *tables);

/* Which kind a layer is of. */
size_t distance_tables_kind(const struct arch *arch, size_t layer);

/* At distance 0, as struct attention's `bias`; NULL: nothing is added. */
const float *distance_tables_get(const struct distance_tables *tables, size_t kind, size_t head);

/* At distance 0, as struct attention's `rows`; NULL: scores are not disentangled. */
const uint32_t *distance_tables_get_rows(const struct distance_tables *tables);

#endif
