/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/cpu.h"

unsigned cpu_flags(unsigned mask)
{
    unsigned flags = cpu_detect() & mask;

    if (!(flags & CPU_AVX2))
        flags &= ~(unsigned)(CPU_AVX512 | CPU_AVX_VNNI);
    if (!(flags & CPU_AVX512))
        flags &= ~(unsigned)(CPU_AVX512_BF16 | CPU_AVX512_VNNI);
    return flags;
}
