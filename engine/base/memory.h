/* SPDX-License-Identifier: Apache-2.0 */

/* Checked sizes and aligned memory. Any thread. */
#ifndef NESTD_ENGINE_BASE_MEMORY_H
#define NESTD_ENGINE_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

enum { CACHE_LINE_BYTES = 64 };

/* False, and *ret_product untouched, where a x b does not fit a size_t. */
static inline bool size_multiply(size_t a, size_t b, size_t *ret_product)
{
    size_t product;

    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *ret_product = product;
    return true;
}

static inline bool size_add(size_t a, size_t b, size_t *ret_sum)
{
    size_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *ret_sum = sum;
    return true;
}

static inline size_t round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* `len_bytes` of unspecified content on a cache line; from 2 MiB on a huge-page boundary, with
 * huge pages asked for. NULL when memory is short. The caller gives it back with free(). */
void *memory_new_aligned(size_t len_bytes);

/* Takes a pointer to a pointer, for __attribute__((cleanup)): frees what it points at. */
static inline void memory_free_indirect(void *pointer)
{
    free(*(void **)pointer);
}
#define AUTO_FREE __attribute__((cleanup(memory_free_indirect)))

#endif
