/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/store.h"

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernel_version.h"

static const struct kernel_version versions[] = {
#if defined(__x86_64__)
    {.store = &store_avx512_bf16, .name = "avx512_bf16", .cpu_flags = CPU_AVX512_BF16},
    {.store = &store_avx512, .name = "avx512", .cpu_flags = CPU_AVX512},
    {.store = &store_avx2, .name = "avx2", .cpu_flags = CPU_AVX2},
#endif
    {.store = &store_c, .name = "c"},
};

const struct kernel_version *store_choose(unsigned cpu_flags)
{
    return kernel_version_choose(versions, cpu_flags);
}
