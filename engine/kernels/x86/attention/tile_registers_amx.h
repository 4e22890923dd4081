/* SPDX-License-Identifier: Apache-2.0 */

/* This thread's tile registers of AMX. A tile's number, 0 to 7, is a literal. Only files built for
 * AMX include this; for tests there is an emulation of the same names. */
#ifndef NESTD_ENGINE_KERNELS_X86_ATTENTION_TILE_REGISTERS_AMX_H
#define NESTD_ENGINE_KERNELS_X86_ATTENTION_TILE_REGISTERS_AMX_H

#include "engine/kernels/inline.h"

#include <immintrin.h>
#include <stdatomic.h>

/* Loads this thread's configuration, 64 bytes, and clears its tiles. gcc's intrinsic tells the
 * compiler of the first eight bytes only, so it is not to know what they are. */
INLINE void tiles_configure(const void *config)
{
    __asm__ volatile("" : "+r"(config) : : "memory");
    _tile_loadconfig(config);
}

/* Hands the tiles back: a thread that holds some takes 8 KiB more to switch. */
INLINE void tiles_release(void)
{
    _tile_release();
}

#define tile_zero(tile) _tile_zero(tile)

/* gcc's intrinsic does not tell the compiler that it reads memory. */
#define tile_load(tile, from, stride_bytes)                                                        \
    do {                                                                                           \
        atomic_signal_fence(memory_order_seq_cst);                                                 \
        _tile_loadd(tile, from, stride_bytes);                                                     \
    } while (0)

#define tile_store(tile, to, stride_bytes)                                                         \
    do {                                                                                           \
        _tile_stored(tile, to, stride_bytes);                                                      \
        atomic_signal_fence(memory_order_seq_cst);                                                 \
    } while (0)

/* sums += left right, TDPBF16PS */
#define tile_multiply(sums, left, right) _tile_dpbf16ps(sums, left, right)

#endif
