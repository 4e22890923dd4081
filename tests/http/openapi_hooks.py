# SPDX-License-Identifier: Apache-2.0
"""What schemathesis must not take for valid, loaded by it (SCHEMATHESIS_HOOKS).

JSON Schema cannot say two things of a body: whether a text has more tokens than its own max_tokens,
or options.num_ctx, which is wrong where truncation is off; and whether several instances have the same options."""

import schemathesis

OFF = (False, "NONE")


def may_be_too_long(body):
    if not isinstance(body, dict):
        return False
    options = body.get("options")
    limits = [body.get("max_tokens"), options.get("num_ctx") if isinstance(options, dict) else None]
    return (
        any(isinstance(limit, (int, float)) for limit in limits)
        and (body.get("truncate") in OFF or body.get("truncation") in OFF)
    )


def may_differ(body):
    instances = body.get("instances") if isinstance(body, dict) else None
    return isinstance(instances, list) and len(instances) > 1


@schemathesis.hook
def filter_case(context, case):
    return not may_be_too_long(case.body) and not may_differ(case.body)
