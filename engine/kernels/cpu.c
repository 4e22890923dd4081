/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/cpu.h"

#include <stddef.h>

/* Each level that stands on another; that one is above it here if it stands on a third. */
static const struct {
    unsigned flag;
    unsigned base;
} LEVELS[] = {
    {CPU_AVX512, CPU_AVX2},        {CPU_AVX_VNNI, CPU_AVX2}, {CPU_AVX512_BF16, CPU_AVX512},
    {CPU_AVX512_VNNI, CPU_AVX512}, {CPU_DOTPROD, CPU_NEON},  {CPU_AMX_BF16, CPU_AVX512_BF16},
};
enum { N_LEVELS = sizeof LEVELS / sizeof *LEVELS };

unsigned cpu_flags(unsigned mask)
{
    unsigned flags = cpu_detect() & mask;

    for (size_t i = 0; i < N_LEVELS; i++)
        if (!(flags & LEVELS[i].base))
            flags &= ~LEVELS[i].flag;
    return flags;
}

unsigned cpu_flags_closure(unsigned flags)
{
    for (size_t i = N_LEVELS; i-- > 0;)
        if (flags & LEVELS[i].flag)
            flags |= LEVELS[i].base;
    return flags;
}
