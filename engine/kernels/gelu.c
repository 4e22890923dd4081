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
 * What is to be rounded to bfloat16 (half a step is 2e-3 of it or more), or comes from an int8
 * product and is to be quantised again, takes rougher polynomials, whose error is below 1e-4 of Phi
 * and 2e-5 in all: two thirds of the time.
 *
 * The tanh form is x s(x), s(x) = 1 / (1 + e^(-2u)) and u odd in x, so s(-x) = 1 - s(x) and the
 * same identity holds with T(a) = e / (1 + e), e = e^(-2u(a)). */
#include "engine/kernels/gelu.h"

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernel_version.h"

static const struct kernel_version versions[] = {
#if defined(__x86_64__)
    {.gelu = &gelu_avx512_bf16, .name = "avx512_bf16", .cpu_flags = CPU_AVX512_BF16},
    {.gelu = &gelu_avx512, .name = "avx512", .cpu_flags = CPU_AVX512},
    {.gelu = &gelu_avx2, .name = "avx2", .cpu_flags = CPU_AVX2},
#endif
    {.gelu = &gelu_c, .name = "c"},
};

const struct kernel_version *gelu_choose(unsigned cpu_flags)
{
    return kernel_version_choose(versions, cpu_flags);
}
