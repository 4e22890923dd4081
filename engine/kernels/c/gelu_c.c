/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/c/kernels_c.h"

#include "engine/kernels/gelu.h"

#include "engine/kernels/c/product_c.h"

#include <math.h>

/* Phi(x) = (1 + erf(x / sqrt 2)) / 2 = erfc(-x / sqrt 2) / 2; the second form keeps its precision
 * where x is far below zero. */
static float gelu(float x)
{
    return (float)(0.5 * x * erfc(-x * M_SQRT1_2));
}

/* x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3), and (1 + tanh u) / 2 is
 * 1 / (1 + e^(-2u)), which keeps its precision where u is far below zero. */
static float gelu_tanh(float x)
{
    const double u = sqrt(2 / M_PI) * (x + 0.044715 * x * x * (double)x);

    return (float)(x / (1 + exp(-2 * u)));
}

/* x / (1 + e^-x) */
static float silu(float x)
{
    return (float)(x / (1 + exp(-(double)x)));
}

DEFINE_STORES(exact, gelu, gelu)
DEFINE_STORES(tanh, gelu_tanh, gelu_tanh)
DEFINE_STORES(silu, silu, silu)

const struct gelu_kernels gelu_c = {
    .exact = STORES(exact),
    .tanh = STORES(tanh),
    .silu = STORES(silu),
};
