/* SPDX-License-Identifier: Apache-2.0 */

/* One worker's memory for passes: allocated once at start, then handed out in order. Used by one
 * thread. */
#ifndef NESTD_ENGINE_ENCODER_ARENA_H
#define NESTD_ENGINE_ENCODER_ARENA_H

#include "engine/base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Plan: ask for every piece with arena_plan_floats, init with the sum, take the same pieces in the
 * same order. */
struct arena {
    char *memory;
    size_t len_bytes;
    size_t used_bytes;
};

/* Adds a piece of n_rows x n_columns floats to a plan. False where the sum does not fit a size_t.
 */
bool arena_plan_floats(size_t *len_bytes, size_t n_rows, size_t n_columns);

MUST_CHECK enum status arena_init(struct arena *arena, size_t len_bytes);
void arena_release(struct arena *arena);

/* n_rows x n_columns floats on a cache line, zero when first taken. The plan must have had them. */
float *arena_take_floats(struct arena *arena, size_t n_rows, size_t n_columns);

#endif
