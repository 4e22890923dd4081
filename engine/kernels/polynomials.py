#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the polynomials of polynomials.h and prints that file, for clang-format to lay out:
python3 polynomials.py | clang-format > polynomials.h
(needs NumPy). The fits are weighted minimax by Lawson's iteration: least squares whose weights grow
where the error is large, until the largest weighted error grows no smaller."""
import math
import re

import numpy as np

HEADER = """\
/* SPDX-License-Identifier: Apache-2.0 */

/* Made by polynomials.py, which says how; not edited by hand. Coefficients of rising powers. */
#ifndef NESTD_ENGINE_KERNELS_POLYNOMIALS_H
#define NESTD_ENGINE_KERNELS_POLYNOMIALS_H
"""


def fit(function, weight, low, high, degree, constant):
    """float32 coefficients of 1, x, ... x^degree, the first of them `constant`."""
    n = 4000
    angle = np.pi * (np.arange(n) + 0.5) / n
    x = (low + high) / 2 - (high - low) / 2 * np.cos(angle)
    # constant + x q(x): q is fitted in the Chebyshev basis, which keeps the equations well posed.
    span = np.polynomial.Chebyshev([0, 1], domain=[low, high])
    basis = np.polynomial.chebyshev.chebvander(span.mapparms()[0] + span.mapparms()[1] * x,
                                               degree - 1) * x[:, None]
    target = function(x) - constant
    lawson = np.ones(n) / n
    best = (math.inf, None)
    for _ in range(200):
        scale = np.sqrt(lawson) * weight(x)
        q = np.linalg.lstsq(basis * scale[:, None], target * scale, rcond=None)[0]
        error = np.abs(basis @ q - target) * weight(x)
        if error.max() < best[0]:
            best = (error.max(), q)
        lawson *= error
        lawson /= lawson.sum()
    powers = np.polynomial.Chebyshev(best[1], domain=[low, high]).convert(
        kind=np.polynomial.Polynomial, domain=[-1, 1], window=[-1, 1]).coef
    return x, np.float32([constant, *powers])


def show(name, comment, coefficients):
    print(f'\n/* {comment} */\nstatic const float {name}[] = {{')
    for c in coefficients:
        digits = re.sub('0+p', 'p', float(c).hex()).replace('.p', 'p')
        print(f'    {digits}f, /* {c:.9g} */')
    print('};')


def upper_tail(a):
    """1 - Phi(a), Phi the normal distribution's cumulative function."""
    return np.vectorize(math.erfc)(a / math.sqrt(2)) / 2


def main():
    print(HEADER.rstrip())

    x, c = fit(np.exp2, lambda x: np.exp2(-x), -0.5, 0.5, 6, 1)
    error = np.abs(np.polynomial.Polynomial(np.float64(c))(x) / np.exp2(x) - 1).max()
    show('EXP2', f'2^x on [-0.5, 0.5]; relative error {error:.1e}', c)

    x, c = fit(np.exp2, lambda x: np.exp2(-x), 0, 1, 3, 1)
    error = np.abs(np.polynomial.Polynomial(np.float64(c))(x) / np.exp2(x) - 1).max()
    show('EXP2_ROUGH', f'2^x on [0, 1), for bfloat16 and int8; relative error {error:.1e}', c)

    # An error e of the logarithm is a relative error e ln 2 of the tail. The weight asks for the
    # least where a (1 - Phi(a)), which is what GELU needs, is large, and for less in the far tail.
    low, high = 0, 9
    x, c = fit(lambda a: np.log2(upper_tail(a)),
               lambda a: (np.maximum(a, 0.1) * upper_tail(a))**0.65, low, high, 10, -1)
    relative = np.abs(np.exp2(np.polynomial.Polynomial(np.float64(c))(x)) / upper_tail(x) - 1)
    parts = ', '.join(f'{relative[x <= a].max():.1e} to {a}' for a in (1, 3, 5))
    absolute = (relative * x * upper_tail(x)).max()
    print(f'\nenum {{ LOG2_UPPER_TAIL_END = {high} }};')
    show('LOG2_UPPER_TAIL',
         'log2(1 - Phi(x)) on [0, LOG2_UPPER_TAIL_END], Phi the normal distribution.\n'
         f' * Relative error of 1 - Phi(x): {parts};\n'
         f' * absolute error of x (1 - Phi(x)): {absolute:.1e}', c)

    low, high = 0, 6
    x, c = fit(lambda a: np.log2(upper_tail(a)),
               lambda a: (np.maximum(a, 0.1) * upper_tail(a))**0.65, low, high, 5, -1)
    relative = np.abs(np.exp2(np.polynomial.Polynomial(np.float64(c))(x)) / upper_tail(x) - 1)
    parts = ', '.join(f'{relative[x <= a].max():.1e} to {a}' for a in (2, 3, 4))
    absolute = (relative * x * upper_tail(x)).max()
    print(f'\nenum {{ LOG2_UPPER_TAIL_ROUGH_END = {high} }};')
    show('LOG2_UPPER_TAIL_ROUGH',
         'The same on [0, LOG2_UPPER_TAIL_ROUGH_END], for bfloat16 and int8.\n'
         f' * Relative error of 1 - Phi(x): {parts}; absolute error of\n'
         f' * x (1 - Phi(x)): {absolute:.1e}', c)

    print('\n#endif')


if __name__ == '__main__':
    main()
