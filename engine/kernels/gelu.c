/* SPDX-License-Identifier: Apache-2.0 */

/* GELU's versions, and how the vector ones compute it.
 *
 * x Phi(x) = max(x, 0) - a T(a), with a = |x| and T(a) = 1 - Phi(a) the upper tail of the normal
 * distribution: for x > 0 because Phi(x) = 1 - T(x), for x < 0 because Phi(x) = T(-x). Nothing
 * cancels, so small and negative results keep their precision, which 1 + erf(x / sqrt 2) in float32
 * does not. T falls like e^(-a^2 / 2), so it is its logarithm that a polynomial fits well:
 * T(a) = 2^p(a) with p of degree 10 on [0, 9] (polynomials.py). It needs no division and no table.
 * Beyond 9 the last value stays, -9 T(9), about -1e-18.
 *
 * The tanh form is x s(x), s(x) = 1 / (1 + e^(-2u)) and u odd in x, so s(-x) = 1 - s(x) and the
 * same identity holds with T(a) = e / (1 + e), e = e^(-2u(a)). */
#include "engine/kernels/gelu.h"

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernel_version.h"

static const struct kernel_version gelu_versions[] = {
#if defined(__x86_64__)
    {.bias_activation = bias_gelu_avx512, .name = "avx512", .cpu_flags = CPU_AVX512},
    {.bias_activation = bias_gelu_avx2, .name = "avx2", .cpu_flags = CPU_AVX2},
#endif
    {.bias_activation = bias_gelu_c, .name = "c"},
};

static const struct kernel_version gelu_tanh_versions[] = {
#if defined(__x86_64__)
    {.bias_activation = bias_gelu_tanh_avx512, .name = "avx512", .cpu_flags = CPU_AVX512},
    {.bias_activation = bias_gelu_tanh_avx2, .name = "avx2", .cpu_flags = CPU_AVX2},
#endif
    {.bias_activation = bias_gelu_tanh_c, .name = "c"},
};

const struct kernel_version *bias_gelu_choose(unsigned cpu_flags)
{
    return kernel_version_choose(gelu_versions, cpu_flags);
}

const struct kernel_version *bias_gelu_tanh_choose(unsigned cpu_flags)
{
    return kernel_version_choose(gelu_tanh_versions, cpu_flags);
}
