/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/layer_norm.h"

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernel_version.h"

static const struct kernel_version versions[] = {
#if defined(__x86_64__)
    {.layer_norm = layer_norm_avx512, .name = "avx512", .cpu_flags = CPU_AVX512},
    {.layer_norm = layer_norm_avx2, .name = "avx2", .cpu_flags = CPU_AVX2},
#endif
    {.layer_norm = layer_norm_c, .name = "c"},
};

const struct kernel_version *layer_norm_choose(unsigned cpu_flags)
{
    return kernel_version_choose(versions, cpu_flags);
}
