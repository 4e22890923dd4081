/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/cpu.h"

#include <sys/auxv.h>

#if !defined(HWCAP_ASIMD) || !defined(HWCAP_ASIMDDP)
#include <asm/hwcap.h>
#endif

unsigned cpu_detect(void)
{
    const unsigned long capabilities = getauxval(AT_HWCAP);
    unsigned flags = 0;

    if (capabilities & HWCAP_ASIMD)
        flags |= CPU_NEON;
    if (capabilities & HWCAP_ASIMDDP)
        flags |= CPU_DOTPROD;
    return flags;
}
