# SPDX-License-Identifier: Apache-2.0
"""The error table: what any route may meet is in error_table.py, what one alone may in a folder per
case under tests/data/errors, with request.json and expected.json.

request.json   method (POST), path, headers; the body as "json", as "text" (strings, or
               [string, times], {n} in it counting up) or as "hex"; the server's options, its model ("slow" to load, or
               "poisoned": [MASK] is not finite) or model_files to change in the default one;
               "how" it is sent, if not at once
expected.json  status; "error" (OpenAI's shape: type, code, param; with "shape": "cohere", Cohere's
               around it; "ollama" has the message alone, "llama" a code and a type) or "error_type" (TEI's shape);
               "message": words that it must contain; headers, a number in a range as "1..60";
               "empty" for no body."""

import json
import pathlib
import re
import time

import pytest

import error_table
import sending

CASES = pathlib.Path(__file__).resolve().parent.parent / "data" / "errors"
KEY = {"Authorization": f"Bearer {error_table.KEY}"}  # without meaning to servers that want none


def repeat(text, times):
    return "".join(text.replace("{n}", str(n)) for n in range(times))


def body_of(request):
    if "json" in request:
        return json.dumps(request["json"]).encode()
    if "hex" in request:
        return bytes.fromhex(request["hex"])
    parts = request.get("text")
    if parts is None:
        return None
    return "".join(part if isinstance(part, str) else repeat(*part) for part in parts).encode()


def assert_headers(reply, expected):
    for name, value in expected.items():
        found = reply.headers.get(name)
        assert found is not None, f"no header {name} in {reply}"
        between = re.fullmatch(r"(\d+)\.\.(\d+)", value)
        if between:
            assert int(between[1]) <= int(found) <= int(between[2]), f"{name}: {found}"
        else:
            assert found == value, f"{name}: {found}"


def assert_error(reply, expected):
    assert reply.status == expected["status"], reply
    assert_headers(reply, expected.get("headers", {}))
    assert reply.headers.get("x-request-id") and reply.headers.get("Server-Timing"), reply
    if expected.get("empty"):
        assert reply.body == b""
        return
    assert reply.headers["Content-Type"].startswith("application/json"), reply
    body = reply.json()
    if "error_type" in expected:
        message = body.get("error")
        assert body == {"error": message, "error_type": expected["error_type"]}
    else:
        if expected.get("shape") == "ollama":
            body = {"error": {**expected["error"], "message": body["error"]}} if list(body) == ["error"] else body
        message = body["error"].get("message")
        error = {"message": message, **expected["error"]}
        if expected.get("shape") == "cohere":
            identity = reply.headers["x-request-id"]
            assert body == {"id": identity, "message": message, "error": error}
        else:
            assert body == {"error": error}
    assert isinstance(message, str) and message
    for word in expected.get("message", []):
        assert re.search(rf"(?<![0-9]){re.escape(word)}(?![0-9])", message, re.I), (
            f"no {word!r} in {message!r}"
        )


def assert_still_serving(server):
    """At once, unless the server has still to notice that the client who kept it busy is gone."""
    deadline = time.monotonic() + 10
    while (
        reply := server.post("/v1/embeddings", {"input": "still here"}, KEY)
    ).status == 429 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert reply.status == 200, reply


@pytest.fixture(scope="module")
def choose_model(model, model_variant, slow_model, poisoned_model):
    folders = {"default": model, "slow": slow_model, "poisoned": poisoned_model}

    def choose(request):
        files = {path: json.dumps(value) for path, value in request.get("model_files", {}).items()}
        return model_variant(files) if files else folders[request.get("model", "default")]

    return choose


def read_case(folder):
    return [json.loads((folder / name).read_text()) for name in ("request.json", "expected.json")]


ALL = {**{path.name: read_case(path) for path in CASES.iterdir()}, **error_table.cases()}


@pytest.mark.parametrize("case", sorted(ALL))
def test_error(case, servers, start, choose_model):
    request, expected = ALL[case]
    how = request.get("how", "at once")
    folder = choose_model(request)
    if how in sending.OWN_SERVER:
        server = start(folder, *request.get("options", []), *sending.OWN_SERVER[how])
    else:
        server = servers(folder, *request.get("options", []))
    reply = sending.WAYS[how](server, request, body_of(request))
    assert_error(reply, expected)
    if how not in sending.OWN_SERVER:
        assert_still_serving(server)


def test_table_knows_every_route_that_takes_a_body(server):
    paths = server.get("/openapi.json").json()["paths"]
    assert {path for path, methods in paths.items() if "post" in methods} == {
        route.path for route in error_table.ROUTES
    }


def test_every_error_has_a_case():
    """Of all that errors.def lists; no client can make memory short, or a worker stall (test_stall.py)."""
    listed = (CASES.parents[2] / "server/exchange/errors.def").read_text()
    codes = set(re.findall(r'^PROBLEM\(.*?"\w+", (?:"(\w+)"|NULL), \d+, "\w+"\)', listed, re.M))
    tested = {expected.get("error", {}).get("code") or "" for _, expected in ALL.values()}
    assert len(codes) > 15 and codes - tested <= {"internal_error", "stalled"}
