#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes number_powers.inc, the powers of ten of number.c, by exact arithmetic.

Each power is scaled by a power of two to 64 bits with the highest one set, and rounded up.
Usage: python3 server/text/number_powers.py > server/text/number_powers.inc
"""

MIN, MAX = -31, 45  # what the exponents of float32 call for


def scaled_power(exponent):
    numerator, denominator = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
    shift = 64 - (numerator.bit_length() - denominator.bit_length())
    while True:
        top, bottom = numerator << max(shift, 0), denominator << max(-shift, 0)
        power = -(-top // bottom)
        if power.bit_length() == 64:
            return power
        shift += 64 - power.bit_length()


print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* 10^%d to 10^%d; made by number_powers.py. */" % (MIN, MAX))
for exponent in range(MIN, MAX + 1):
    print("UINT64_C(0x%016x), /* %d */" % (scaled_power(exponent), exponent))
