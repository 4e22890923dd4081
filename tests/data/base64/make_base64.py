#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes base64.inc: what Python's base64 module makes of texts of 0 to 40 bytes, and of 300.

Byte i of the text of n bytes is (167 i + 59 n + i * i) mod 256.
Usage: python3 make_base64.py > base64.inc
"""

import base64

print("/* SPDX-License-Identifier: Apache-2.0 */")
print("/* length, its base64; made by make_base64.py. */")
for n in [*range(41), 300]:
    text = bytes((167 * i + 59 * n + i * i) % 256 for i in range(n))
    encoded = base64.b64encode(text).decode()
    lines = [encoded[i : i + 72] for i in range(0, len(encoded), 72)] or [""]
    print("{%d," % n)
    print("\n".join(' "%s"' % line for line in lines) + "},")
