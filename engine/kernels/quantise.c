/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/quantise.h"

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernel_version.h"

static const struct kernel_version versions[] = {
#if defined(__x86_64__)
    {.quantise = quantise_avx512, .name = "avx512", .cpu_flags = CPU_AVX512},
    {.quantise = quantise_avx2, .name = "avx2", .cpu_flags = CPU_AVX2},
#endif
    {.quantise = quantise_c, .name = "c"},
};

const struct kernel_version *quantise_choose(unsigned cpu_flags)
{
    return kernel_version_choose(versions, cpu_flags);
}
