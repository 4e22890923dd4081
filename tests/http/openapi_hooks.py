# SPDX-License-Identifier: Apache-2.0
"""What schemathesis must not take for valid, loaded by it (SCHEMATHESIS_HOOKS).

JSON Schema cannot say four things of a body: that names hold no U+0000 (jansson has no such
names), that whole numbers fit 64 bits even in fields that are ignored, that they are written
without a point, and whether a text has more tokens than its own max_tokens, which is wrong where
truncation is off."""

import schemathesis

MOST = 2**63 - 1


def can_be_read(value):
    if isinstance(value, dict):
        return all("\0" not in name and can_be_read(item) for name, item in value.items())
    if isinstance(value, list):
        return all(map(can_be_read, value))
    if isinstance(value, float):
        return not value.is_integer()
    return isinstance(value, bool) or not isinstance(value, int) or -MOST - 1 <= value <= MOST


def may_be_too_long(body):
    return (
        isinstance(body, dict)
        and isinstance(body.get("max_tokens"), int)
        and body.get("truncate") in (False, "NONE")
    )


@schemathesis.hook
def filter_case(context, case):
    return can_be_read(case.body) and not may_be_too_long(case.body)
