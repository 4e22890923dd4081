/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/cpu.h"

#include <cpuid.h>

/* Of EAX in CPUID's leaf 7.1; not every compiler has a name for it. */
enum { BIT_AVX_VNNI = 1 << 4 };

/* __builtin_cpu_supports() answers no for AVX and AVX-512 registers that the operating system does
 * not save (it reads XGETBV). F16C, which it does not know under every compiler, uses the same
 * registers as AVX. */
unsigned cpu_detect(void)
{
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
    return flags;
}
