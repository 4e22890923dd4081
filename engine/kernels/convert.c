/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/convert.h"

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernel_version.h"

static const struct kernel_version versions[] = {
#if defined(__x86_64__)
    {.convert = &convert_avx512, .name = "avx512", .cpu_flags = CPU_AVX512},
    {.convert = &convert_avx2, .name = "avx2", .cpu_flags = CPU_AVX2},
#endif
    {.convert = &convert_c, .name = "c"},
};

const struct kernel_version *convert_choose(unsigned cpu_flags)
{
    return kernel_version_choose(versions, cpu_flags);
}
