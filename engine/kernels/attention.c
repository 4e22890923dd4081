/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/attention.h"

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernel_version.h"

static const struct kernel_version versions[] = {
#if defined(__x86_64__)
    {.attention = attention_avx512, .name = "avx512", .cpu_flags = CPU_AVX512},
    {.attention = attention_avx2, .name = "avx2", .cpu_flags = CPU_AVX2},
#endif
    {.attention = attention_c, .name = "c"},
};

static const struct kernel_version bfloat16_versions[] = {
#if defined(__x86_64__)
    {.attention = attention_avx512_bf16, .name = "avx512_bf16", .cpu_flags = CPU_AVX512_BF16},
#endif
    {.attention = NULL, .name = "none"},
};

const struct kernel_version *attention_choose(unsigned cpu_flags)
{
    return kernel_version_choose(versions, cpu_flags);
}

const struct kernel_version *attention_bfloat16_choose(unsigned cpu_flags)
{
    return kernel_version_choose(bfloat16_versions, cpu_flags);
}
