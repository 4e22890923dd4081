/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/cpu.h"

#include <cpuid.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not every compiler and C library has a name for these. */
enum {
    /* CPUID's leaf 7.0, EDX */
    BIT_AMX_BF16 = 1 << 22,
    BIT_AMX_TILE = 1 << 24,
    /* CPUID's leaf 7.1, EAX */
    BIT_AVX_VNNI = 1 << 4,
    /* Of XCR0: what the operating system saves */
    XCR0_TILE_CONFIG = 1 << 17,
    XCR0_TILE_DATA = 1 << 18,
    /* Of arch_prctl(), since Linux 5.16 */
    REQUEST_XSTATE_PERMISSION = 0x1023,
    XSTATE_TILE_DATA = 18,
};

static unsigned read_xcr0(void)
{
    unsigned low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* Linux kills a thread that uses a tile before its process has asked for it, which it may do at any
 * time and repeatedly. */
static bool ask_for_tiles(void)
{
    const unsigned saved = XCR0_TILE_CONFIG | XCR0_TILE_DATA;
    unsigned a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE) && (read_xcr0() & saved) == saved &&
           syscall(SYS_arch_prctl, REQUEST_XSTATE_PERMISSION, XSTATE_TILE_DATA) == 0;
}

/* __builtin_cpu_supports() answers no for AVX and AVX-512 registers that the operating system does
 * not save (it reads XGETBV). F16C, which it does not know under every compiler, uses the same
 * registers as AVX. */
unsigned cpu_detect(void)
{
    const unsigned amx = BIT_AMX_TILE | BIT_AMX_BF16;
    unsigned a, b, c, d, flags = 0;

    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C))
        flags |= CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        flags |= CPU_AVX512;
    if (__builtin_cpu_supports("avx512bf16"))
        flags |= CPU_AVX512_BF16;
    if (__builtin_cpu_supports("avx512vnni"))
        flags |= CPU_AVX512_VNNI;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & BIT_AVX_VNNI))
        flags |= CPU_AVX_VNNI;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & amx) == amx && ask_for_tiles())
        flags |= CPU_AMX_BF16;
    return flags;
}
