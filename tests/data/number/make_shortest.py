#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes shortest_float32.inc: the digits by which NumPy shows float32 numbers.

NumPy's Dragon4 is exact big-integer arithmetic, so it is independent of the method under test.
Usage: python3 make_shortest.py > shortest_float32.inc
"""

import numpy as np

N_RANDOM = 500

bits = set()
for exponent in range(255):  # powers of two, where the interval is lopsided, and their neighbours
    power = exponent << 23
    bits |= {power, power + 1} | ({power - 1} if exponent % 8 == 1 else set())
bits |= {1 << i for i in range(23)} | {2, 3, 5, 7, 0x7F7FFFFF, 0x7FFFFF, 0x4B800001}
bits.remove(0)
for exponent in range(-45, 39):  # powers of ten and their neighbours
    near = int(np.float32(10.0**exponent).view(np.uint32))
    bits |= {near - 1, near, near + 1}
bits.discard(0)
random = np.random.default_rng(20240607)
bits |= {int(b) for b in random.integers(1, 0x7F800000, N_RANDOM // 2)}
unit = random.standard_normal(N_RANDOM // 2) / np.sqrt(384)
bits |= {int(b) for b in np.abs(unit).astype(np.float32).view(np.uint32)}

print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* bits, digits, exponent of the first digit; made by make_shortest.py with NumPy. */")
for pattern in sorted(bits):
    x = np.uint32(pattern).view(np.float32)
    digits, exponent = np.format_float_scientific(x, unique=True, trim="-").split("e")
    print('{0x%08x, "%s", %d},' % (pattern, digits.replace(".", ""), int(exponent)))
