/* SPDX-License-Identifier: Apache-2.0 */

/* How the vector versions compute GELU (Hendrycks and Gimpel, arXiv 1606.08415): x Phi(x), Phi the
 * normal distribution's cumulative function, exactly and by the paper's tanh. Used inside this
 * folder.
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
 * same identity holds with T(a) = e / (1 + e), e = e^(-2u(a)). SiLU is the same with 2u = x. */
#ifndef NESTD_ENGINE_KERNELS_GELU_H
#define NESTD_ENGINE_KERNELS_GELU_H

#include "engine/kernels/product.h"

/* The tanh form's -2u for x = a, times log2(e), is a (GELU_TANH_A + GELU_TANH_A3 a^2):
 * A = -2 log2(e) sqrt(2 / pi), A3 = 0.044715 A. Beyond the end its tail is below 1e-37. */
#define GELU_TANH_A   (-2.3022081986f)
#define GELU_TANH_A3  (-0.1029432396f)
#define GELU_TANH_END 10.0f

/* -x times log2(e); beyond the end the tail times a is below 1e-36. */
#define SILU_A   (-1.4426950409f)
#define SILU_END 87.0f

#endif
