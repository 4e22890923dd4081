/* SPDX-License-Identifier: Apache-2.0 */

/* The angles of rotary positions, as cosines and sines. Made at load. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_TABLES_ROTARY_H
#define NESTD_ENGINE_ENCODER_TABLES_ROTARY_H

#include "engine/base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct model;

struct rotary_tables {
    float *turns[2]; /* [max_tokens, head_size], by whether a layer is local; NULL: nothing turns */
};

MUST_CHECK enum status rotary_tables_init(struct rotary_tables *tables, const struct model *model);
void rotary_tables_release(struct rotary_tables *tables);

#endif
