#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes files part of the program: writes the C source of embedded.h's variables.

Usage: python3 server/embed.py OUTPUT.c NAME=FILE...
"""

import sys

COLUMNS = 24  # bytes a line


def rows(data):
    for start in range(0, len(data), COLUMNS):
        yield "    " + "".join(f"{byte}," for byte in data[start : start + COLUMNS])


def write(output, files):
    print('#include "server/embedded.h"', file=output)
    for name, path in files:
        with open(path, "rb") as file:
            data = file.read()
        # Unsigned, since -Wpedantic minds a char that is over 127.
        print(f"\nstatic const unsigned char {name}[] = {{", *rows(data), "};", sep="\n", file=output)
        print(
            f"const struct slice embedded_{name} = {{(const char *){name}, sizeof {name}}};",
            file=output,
        )


with open(sys.argv[1], "w", encoding="ascii") as output:
    write(output, [argument.split("=", 1) for argument in sys.argv[2:]])
