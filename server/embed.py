#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes files part of the program: writes the C source of embedded.h's variables.

Usage: python3 server/embed.py OUTPUT.c OPENAPI.json FOLDER NAME...

The names are paths in FOLDER, and become embedded_web's.
"""

import pathlib
import sys

COLUMNS = 24  # bytes per line


def rows(data):
    for start in range(0, len(data), COLUMNS):
        yield "    " + "".join(f"{byte}," for byte in data[start : start + COLUMNS])


def write_bytes(output, variable, path):
    # Unsigned, since -Wpedantic minds a char that is over 127.
    print(f"\nstatic const unsigned char {variable}[] = {{", *rows(path.read_bytes()), "};", sep="\n", file=output)


def slice_of(variable):
    return f"{{(const char *){variable}, sizeof {variable}}}"


def write(output, openapi, folder, names):
    print('#include "server/embedded.h"', file=output)
    write_bytes(output, "openapi", openapi)
    for i, name in enumerate(names):
        write_bytes(output, f"web_{i}", folder / name)
    print(f"\nconst struct slice embedded_openapi = {slice_of('openapi')};", file=output)
    print("\nconst struct embedded_file embedded_web[] = {", file=output)
    for i, name in enumerate(names):
        print(f'    {{"{name}", {slice_of(f"web_{i}")}}},', file=output)
    print("};\nconst size_t n_embedded_web = sizeof embedded_web / sizeof embedded_web[0];", file=output)


with open(sys.argv[1], "w", encoding="ascii") as output:
    write(output, pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4:])
