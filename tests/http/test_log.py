# SPDX-License-Identifier: Apache-2.0
"""The log: a line for each request, which shows what it was and nothing of what its client would
keep to itself; JSON where asked for; and no log that is not read holds up the server."""

import http.client
import json
import re
import shlex
import subprocess
import time

import pytest

from harness import START_TIMEOUT_S, environment, read_reply

SECRET = "sk-SECRET-9f"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug) +(.*)$")


def fields_of(line):
    """Of a line as text; None if it is not of a request."""
    level, rest = LINE.match(line).groups()
    words = shlex.split(rest)
    if words[0] != "request":
        return None
    return {"level": level, **dict(word.split("=", 1) for word in words[1:])}


def json_fields_of(line):
    value = json.loads(line)
    assert {"timestamp", "level", "message"} <= value.keys()
    return value if value["message"] == "request" else None


def wait_for_line(server, parse, **wanted):
    """The line of one request; it is written once its reply is sent."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for line in server.log:
            fields = parse(line.rstrip("\n"))
            if fields and wanted.items() <= fields.items():
                return fields
        time.sleep(0.01)
    raise AssertionError(f"no line with {wanted}:\n{server.log_text()}")


def test_request_has_a_line_with_its_figures(start, model):
    server = start(model).wait_ready()
    body = json.dumps({"input": ["hello", "hello world", "hello " * 300]}).encode()
    reply = server.request("POST", "/v1/embeddings", body, {"x-request-id": "it's a=1"})
    line = wait_for_line(server, fields_of, request_id="it's a=1")
    timing = dict(re.findall(r"(\w+);dur=([\d.]+)", reply.headers["Server-Timing"]))
    expected = {
        "level": "info",
        "method": "POST",
        "route": "/v1/embeddings",
        "status": "200",
        "texts": "3",
        "tokens": str(3 + 4 + 256),
        "truncated": "1",
        "bytes_in": str(len(body)),
        "bytes_out": str(len(reply.body)),
        "tokenize_ms": timing["tokenize"],
        "queue_ms": timing["queue"],
        "encode_ms": timing["encode"],
    }
    assert {name: line.get(name) for name in expected} == expected
    ms = {name: float(value) for name, value in line.items() if name.endswith("_ms")}
    parts = sum(value for name, value in ms.items() if name != "total_ms")
    assert 0 < ms["encode_ms"] <= parts <= ms["total_ms"] + 0.01, ms
    assert "trace_id" not in line


def test_every_request_has_one_line(start, model):
    server = start(model).wait_ready()
    asked = [
        ("POST", "/v1/embeddings", b'{"input":""}', "/v1/embeddings", "400"),
        ("POST", "/embeddings", b'{"input":"a"}', "/embeddings", "200"),
        ("GET", "/v1/models", None, "/v1/models", "200"),
        ("HEAD", "/v1/models", None, "/v1/models", "200"),
        ("GET", "/v1/models/none", None, "/v1/models/", "404"),
        ("GET", "/v1/embeddings", None, "/v1/embeddings", "405"),
        ("GET", "/nowhere", None, "other", "404"),
        ("BREW", "/nowhere", None, "other", "404"),
    ]
    for i, (method, path, body, route, status) in enumerate(asked):
        server.request(method, path, body, {"x-request-id": f"r{i}"})
        line = wait_for_line(server, fields_of, request_id=f"r{i}")
        method = "other" if method == "BREW" else method
        assert (line["method"], line["route"], line["status"]) == (method, route, status)
        assert (line["bytes_out"] == "0") == (method == "HEAD")
    ids = [fields["request_id"] for fields in map(fields_of, server.log) if fields]
    assert sorted(ids) == sorted(f"r{i}" for i in range(len(asked)))


def test_probes_are_logged_at_debug_alone(start, model):
    probes = ("/livez", "/readyz", "/health", "/metrics")
    quiet, loud = start(model).wait_ready(), start(model, "--log-level", "debug").wait_ready()
    for server in (quiet, loud):
        for path in probes:
            server.get(path)
        server.get("/info", headers={"x-request-id": "last"})
        wait_for_line(server, fields_of, request_id="last")
    routes = [fields["route"] for fields in map(fields_of, quiet.log) if fields]
    assert routes == ["/info"]
    assert set(probes) <= {fields["route"] for fields in map(fields_of, loud.log) if fields}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_hostile_requests_neither_break_the_log_nor_show_in_it(start, model, as_json):
    parse = json_fields_of if as_json else fields_of
    options = ["--json-output", "true"] if as_json else []
    server = start(model, "--log-level", "debug", "--api-key", SECRET, *options).wait_ready()
    key = {"Authorization": f"Bearer {SECRET}"}
    text = f"the text of a user {SECRET}"
    ids = ['"}{"level":"error', "\\", "\\u0000", '\\"', "a\tb", "{}[],:", "%s%n%d", "=' \"", "x" * 128]
    for i, name in enumerate(ids):
        server.post("/v1/embeddings", {"input": text, "user": SECRET}, {"x-request-id": name, **key})
        server.get(f"/nowhere/{SECRET}?key={SECRET}&n={i}", headers={"x-request-id": name})
        server.get(f"/v1/models/{SECRET}?key={SECRET}", headers=key)
    for target in (b"/%22%0a%00" + SECRET.encode(), b"/\x1b[31m\xff" + SECRET.encode(), b'/"\\'):
        with server.connect() as connection:
            connection.sendall(
                b"%s %s HTTP/1.1\r\nHost: x\r\nx-request-id: caf\xe9\r\nConnection: close\r\n\r\n"
                % (SECRET.encode(), target)
            )
            while connection.recv(1 << 16):
                pass
    server.get("/livez", headers={"x-request-id": "last"})
    wait_for_line(server, parse, request_id="last")
    lines = [parse(line.rstrip("\n")) for line in server.log]
    shown = {line["request_id"] for line in lines if line and "request_id" in line}
    assert {name for name in ids if "\t" not in name} <= shown
    assert all(re.fullmatch(r"[\x20-\x7e]*\n", line) for line in server.log)
    assert SECRET not in server.log_text() and "the text of" not in server.log_text()


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_trace_is_carried_into_the_line(start, model, as_json):
    parse = json_fields_of if as_json else fields_of
    server = start(model, "--json-output", "true" if as_json else "false").wait_ready()
    server.get(
        "/info", headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "x-request-id": "traced"}
    )
    line = wait_for_line(server, parse, request_id="traced")
    assert (line["trace_id"], line["span_id"]) == (TRACE, PARENT)
    for i, bad in enumerate((f"00-{TRACE}-{PARENT}", f"00-{'0' * 32}-{PARENT}-01", '"}', SECRET)):
        server.get("/info", headers={"traceparent": bad, "x-request-id": f"bad{i}"})
        line = wait_for_line(server, parse, request_id=f"bad{i}")
        assert "trace_id" not in line and "span_id" not in line
    assert SECRET not in server.log_text()


def test_slow_header_gets_a_request_id(start, model):
    """Refused before the client's own could be read."""
    server = start(model, "--request-timeout", "1").wait_ready()
    with server.connect() as connection:
        connection.sendall(b"POST /v1/embeddings HTTP/1.1\r\nx-request-id: mine\r\n")
        reply = read_reply(connection)
    assert reply.status == 408
    made = reply.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    line = wait_for_line(server, fields_of, request_id=made)
    assert line["status"] == "408" and float(line["receive_ms"]) >= 900


def test_log_that_nobody_reads_holds_up_nothing(binary, model):
    command = [binary, "--model-id", str(model), "--port", "0"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment()
    )
    try:
        # Of the start, all is read: later lines are of requests alone.
        head = b""
        deadline = time.monotonic() + START_TIMEOUT_S
        while b" ready in " not in head:
            assert time.monotonic() < deadline and process.poll() is None, head.decode()
            head += process.stderr.readline()
        found = re.search(rb"127\.0\.0\.1:(\d+)\n", head)
        port = int(found[1])
        # From here on nobody reads. A pipe of 1 MiB takes some 4000 lines.
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def ask(path):
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()

        for _ in range(8000):
            assert ask("/nowhere")[0] == 404
        lost = int(re.search(r"^nestd_log_lines_lost_total (\d+)$", ask("/metrics")[1], re.M)[1])
        # Now somebody does.
        process.terminate()
        lines = process.communicate(timeout=60)[1].decode().splitlines()
        assert process.returncode == 0
        assert all(LINE.match(line) for line in lines), "whole lines alone"
        written = sum("route=other" in line for line in lines)
        assert 0 < lost < 8000 and written + lost == 8000, f"{written} lines written, {lost} counted as lost"
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
