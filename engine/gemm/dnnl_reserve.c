/* SPDX-License-Identifier: Apache-2.0 */

/* The program's posix_memalign takes the place of the C library's for oneDNN, and is the same but
 * for the reserve: blocks of ordinary memory, so that free() takes them as any other. It is on top
 * of aligned_alloc, which is whatever the process has, a sanitizer's too.
 *
 * The largest such object that AVX2 needs has 17,864 bytes in 2.6.3 and 122,368 in 3.7. The next
 * call of oneDNN finds the reserve short and is not made, so a few blocks are enough: a call that
 * has no memory for an object of its own soon has none for one of the C++ library's, which throws.
 */
#include "engine/gemm/dnnl_reserve.h"

#include "engine/base/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    N_BLOCKS = 4,
    BLOCK_BYTES = 256 << 10,
    ROOM_BYTES = 16 << 20,
};

static _Thread_local void *blocks[N_BLOCKS]; /* NULL: not there, or taken */

/* The code that oneDNN generates lies in pages of its own, and 2.6.3 writes to them without looking
 * whether it got them. So there is to be room for some, where the address space is limited. */
static bool has_room(void)
{
    void *room = mmap(NULL, ROOM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return room != MAP_FAILED && munmap(room, ROOM_BYTES) == 0;
}

bool dnnl_reserve_fill(void)
{
    if (!has_room())
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
