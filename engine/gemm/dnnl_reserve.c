/* SPDX-License-Identifier: Apache-2.0 */

/* The program's posix_memalign and mmap take the place of the C library's for oneDNN, and are the
 * same but for the reserve. Of the first that is blocks of ordinary memory, so that free() takes
 * them as any other; of the second the pages of one mapping, so that munmap() takes some of them as
 * if they were one. They are on top of aligned_alloc and mmap64, which are whatever the process has,
 * a sanitizer's too.
 *
 * The largest such object that AVX2 needs has 17,864 bytes in 2.6.3 and 122,368 in 3.7. The next
 * call of oneDNN finds the reserve short and is not made, so a few blocks are enough: a call that
 * has no memory for an object of its own soon has none for one of the C++ library's, which throws.
 *
 * The code that oneDNN generates lies in pages of its own, and 2.6.3 writes to them without looking
 * whether it got them.
 */
#undef _FILE_OFFSET_BITS /* would give mmap the name of mmap64; offsets have 64 bits anyway */

#include "engine/gemm/dnnl_reserve.h"

#include "engine/base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    N_BLOCKS = 4,
    BLOCK_BYTES = 256 << 10,
    ROOM_BYTES = 16 << 20,
};

static _Thread_local void *blocks[N_BLOCKS]; /* NULL: not there, or taken */

/* What is left of the mapping; NULL: it is not there. */
static _Thread_local char *pages;
static _Thread_local size_t pages_len_bytes;

static bool map_pages(void)
{
    void *mapped =
        mmap64(NULL, ROOM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mapped == MAP_FAILED)
        return false;
    pages = mapped;
    pages_len_bytes = ROOM_BYTES;
    return true;
}

static void unmap_pages(void)
{
    if (pages_len_bytes)
        munmap(pages, pages_len_bytes);
    pages = NULL;
    pages_len_bytes = 0;
}

bool dnnl_reserve_fill(void)
{
    if (!map_pages())
        return false;
    for (size_t i = 0; i < N_BLOCKS; i++) {
        blocks[i] = aligned_alloc(CACHE_LINE_BYTES, BLOCK_BYTES);
        if (!blocks[i]) {
            dnnl_reserve_release();
            return false;
        }
    }
    return true;
}

void dnnl_reserve_release(void)
{
    for (size_t i = 0; i < N_BLOCKS; i++) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
    unmap_pages();
}

static void *take_block(size_t alignment, size_t len_bytes)
{
    if (alignment > CACHE_LINE_BYTES || len_bytes > BLOCK_BYTES)
        return NULL;
    for (size_t i = 0; i < N_BLOCKS; i++) {
        void *block = blocks[i];

        blocks[i] = NULL;
        if (block)
            return block;
    }
    return NULL;
}

int posix_memalign(void **ret_memory, size_t alignment, size_t len_bytes)
{
    void *memory;

    if (alignment % sizeof(void *) || !alignment || (alignment & (alignment - 1)))
        return EINVAL;
    if (len_bytes > SIZE_MAX - alignment)
        return ENOMEM;
    memory = aligned_alloc(alignment, round_up(len_bytes ? len_bytes : 1, alignment));
    if (!memory)
        memory = take_block(alignment, len_bytes);
    if (!memory)
        return ENOMEM;
    *ret_memory = memory;
    return 0;
}

/* The thread sanitizer maps memory by this name before it can run anything of ours. */
#ifndef __SANITIZE_THREAD__

/* MAP_FAILED where they are not enough. */
static void *take_pages(size_t len_bytes, int protection)
{
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    char *taken = pages;

    if (len_bytes > pages_len_bytes || !len_bytes)
        return MAP_FAILED;
    len_bytes = round_up(len_bytes, page_bytes);
    if (mprotect(taken, len_bytes, protection))
        return MAP_FAILED;
    pages += len_bytes;
    pages_len_bytes -= len_bytes;
    return taken;
}

void *mmap(void *address, size_t len_bytes, int protection, int flags, int fd, off_t offset)
{
    void *mapped = mmap64(address, len_bytes, protection, flags, fd, offset);

    if (mapped == MAP_FAILED && flags & MAP_ANONYMOUS && !(flags & MAP_FIXED))
        return take_pages(len_bytes, protection);
    return mapped;
}

#endif
