/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/encoder/arena.h"

#include "engine/base/memory.h"

#include <assert.h>
#include <string.h>

static bool piece_len_bytes(size_t n_rows, size_t n_columns, size_t *ret_len_bytes)
{
    size_t len_bytes;

    if (!size_multiply(n_rows, n_columns, &len_bytes))
        return false;
    if (!size_multiply(len_bytes, sizeof(float), &len_bytes))
        return false;
    if (!size_add(len_bytes, CACHE_LINE_BYTES, &len_bytes))
        return false;
    *ret_len_bytes = round_up(len_bytes - CACHE_LINE_BYTES, CACHE_LINE_BYTES);
    return true;
}

bool arena_plan_floats(size_t *len_bytes, size_t n_rows, size_t n_columns)
{
    size_t piece;

    return piece_len_bytes(n_rows, n_columns, &piece) && size_add(*len_bytes, piece, len_bytes);
}

enum status arena_init(struct arena *arena, size_t len_bytes)
{
    char *memory = memory_new_aligned(len_bytes);

    if (!memory)
        return STATUS_NO_MEMORY;
    memset(memory, 0, len_bytes);
    *arena = (struct arena){.memory = memory, .len_bytes = len_bytes};
    return STATUS_OK;
}

void arena_release(struct arena *arena)
{
    free(arena->memory);
    *arena = (struct arena){0};
}

float *arena_take_floats(struct arena *arena, size_t n_rows, size_t n_columns)
{
    char *taken = arena->memory + arena->used_bytes;
    size_t len_bytes = 0;
    bool fits = piece_len_bytes(n_rows, n_columns, &len_bytes);

    assert(fits && len_bytes <= arena->len_bytes - arena->used_bytes);
    (void)fits;
    arena->used_bytes += len_bytes;
    return (float *)(void *)taken;
}
