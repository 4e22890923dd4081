/* SPDX-License-Identifier: Apache-2.0 */

/* A product of oneDNN 2.6 to 3.7 has at most five such objects at a time, of up to 104 bytes, and
 * they are gone when it ends. What does not fit, or comes when all slots are taken, comes from
 * malloc, so these numbers bound no more than the promise.
 *
 * INVARIANTS
 *  1. A slot's bit is set in `unused` while nobody has the slot. Only the thread that has been lent
 *     the memory clears bits; any thread sets them.
 *  2. A memory is never freed, so that what lies in it outlives whoever asked for it, and a pointer
 *     into it is known as one for good: product_memory_free leaves it to the next that is asked
 *     for. There are as many as there were contexts at once.
 *
 * The operators for types that are aligned beyond malloc's are the library's still: they come in
 * pairs of their own, and oneDNN uses none in a product. */
#include "engine/gemm/product_memory.h"

#include <atomic>
#include <new>
#include <stdint.h>
#include <stdlib.h>

enum { N_SLOTS = 64, SLOT_BYTES = 256 };

struct product_memory {
    alignas(64) char slots[N_SLOTS][SLOT_BYTES];
    std::atomic<uint64_t> unused;
    std::atomic<bool> is_taken;
    struct product_memory *next; /* of all; written before the memory is shared */
};

static std::atomic<struct product_memory *> all;

static thread_local struct product_memory *lent;

struct product_memory *product_memory_new(void)
{
    struct product_memory *memory;

    for (memory = all.load(); memory; memory = memory->next)
        if (!memory->is_taken.exchange(true))
            return memory;
    memory = static_cast<struct product_memory *>(
        aligned_alloc(alignof(struct product_memory), sizeof(struct product_memory)));
    if (!memory)
        return nullptr;
    new (memory) product_memory;
    memory->unused = UINT64_MAX;
    memory->is_taken = true;
    memory->next = all.load();
    while (!all.compare_exchange_weak(memory->next, memory))
        ;
    return memory;
}

void product_memory_free(struct product_memory *memory)
{
    if (memory)
        memory->is_taken = false;
}

void product_memory_lend(struct product_memory *memory)
{
    lent = memory;
}

void product_memory_return(void)
{
    lent = nullptr;
}

/* ---- slots ---- */

static void *take_slot(struct product_memory *memory)
{
    uint64_t unused = memory->unused.load(std::memory_order_acquire);
    int slot;

    if (!unused)
        return nullptr;
    slot = __builtin_ctzll(unused);
    memory->unused.fetch_and(~(UINT64_C(1) << slot), std::memory_order_relaxed);
    return memory->slots[slot];
}

/* False if it is no slot of this memory. */
static bool give_slot_back(struct product_memory *memory, void *object)
{
    uintptr_t offset =
        reinterpret_cast<uintptr_t>(object) - reinterpret_cast<uintptr_t>(memory->slots);

    if (offset >= sizeof memory->slots)
        return false;
    memory->unused.fetch_or(UINT64_C(1) << offset / SLOT_BYTES, std::memory_order_release);
    return true;
}

/* ---- the operators ---- */

static void *allocate(size_t len_bytes)
{
    void *object = lent && len_bytes <= SLOT_BYTES ? take_slot(lent) : nullptr;

    return object ? object : malloc(len_bytes ? len_bytes : 1);
}

static void release(void *object)
{
    struct product_memory *memory = lent;

    if (memory && give_slot_back(memory, object))
        return;
    for (memory = all.load(std::memory_order_acquire); memory; memory = memory->next)
        if (give_slot_back(memory, object))
            return;
    free(object);
}

/* As the standard has it: a handler, if there is one, may free something. */
void *operator new(size_t len_bytes)
{
    void *object;

    while (!(object = allocate(len_bytes))) {
        std::new_handler handler = std::get_new_handler();

        if (!handler)
            throw std::bad_alloc();
        handler();
    }
    return object;
}

void *operator new(size_t len_bytes, const std::nothrow_t &) noexcept
{
    try {
        return operator new(len_bytes);
    } catch (...) {
        return nullptr;
    }
}

void *operator new[](size_t len_bytes)
{
    return operator new(len_bytes);
}

void *operator new[](size_t len_bytes, const std::nothrow_t &) noexcept
{
    return operator new(len_bytes, std::nothrow);
}

void operator delete(void *object) noexcept
{
    release(object);
}

void operator delete(void *object, size_t) noexcept
{
    release(object);
}

void operator delete(void *object, const std::nothrow_t &) noexcept
{
    release(object);
}

void operator delete[](void *object) noexcept
{
    release(object);
}

void operator delete[](void *object, size_t) noexcept
{
    release(object);
}

void operator delete[](void *object, const std::nothrow_t &) noexcept
{
    release(object);
}
