/* SPDX-License-Identifier: Apache-2.0 */

/* One worker's memory for passes: allocated once, handed out in order, taken back all at once.
 * Used by one thread. */
#ifndef NESTD_ENGINE_ENCODER_ARENA_H
#define NESTD_ENGINE_ENCODER_ARENA_H

#include "engine/status.h"

#include <stddef.h>

struct arena {
    char *memory;
    size_t len_bytes;
    size_t used_bytes;
};

MUST_CHECK enum status arena_init(struct arena *arena, size_t len_bytes);
void arena_release(struct arena *arena);

/* `len_bytes` on a cache line, of unspecified content; NULL when the arena is spent, which is a mistake in its sizing. */
void *arena_take(struct arena *arena, size_t len_bytes);
float *arena_take_floats(struct arena *arena, size_t n_rows, size_t n_columns);
void arena_clear(struct arena *arena);

#endif
