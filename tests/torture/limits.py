# SPDX-License-Identifier: Apache-2.0
"""Programs that may have only so much."""


def limited(binary, folder, limit):
    """The program, under a limit of the shell's."""
    script = folder / f"limited{limit.replace(' ', '')}"
    script.write_text(f'#!/bin/sh\nulimit {limit} || exit 77\nexec "{binary}" "$@"\n')
    script.chmod(0o755)
    return script
