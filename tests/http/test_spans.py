# SPDX-License-Identifier: Apache-2.0
"""--otlp-endpoint: a span of each request goes to a collector, by OTLP over HTTP as JSON; one that is slow, wrong or gone is
no burden. What a span holds is as the OTLP and HTTP semantic conventions have it."""

import base64
import http.server
import json
import re
import threading
import time

import pytest

from harness import run_to_end
from sending import wait_for_log

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Keeps what is posted to it, and answers with `status`, or never while it is `held`."""

    def __init__(self):
        self.posted = []
        self.status = 200
        self.held = threading.Event()
        self.held.set()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.posted.append((self.path, self.headers["Content-Type"], json.loads(body)))
                collector.held.wait(30)
                self.send_response(collector.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def spans(self):
        return [
            span
            for _, _, body in self.posted
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def wait_for_spans(self, n):
        deadline = time.monotonic() + 20
        while len(self.spans()) < n and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(self.spans()) >= n, self.posted
        return self.spans()


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.held.set()
    made.http.shutdown()


def value_of(attribute):
    ((kind, value),) = attribute["value"].items()
    return int(value) if kind == "intValue" else value


def attributes_of(span):
    return {attribute["key"]: value_of(attribute) for attribute in span["attributes"]}


def test_span_tells_of_its_request(start, model, collector):
    second_model = ("--model-id", model, "--served-model-name", "second")
    server = start(model, *second_model, "--otlp-endpoint", collector.url, "--otlp-service-name", "search").wait_ready()
    began = time.time_ns()
    server.post("/v1/embeddings", {"model": "second", "input": ["a secret", "word " * 999]}, {"traceparent": f"00-{TRACE}-{PARENT}-01"})
    server.post("/embed", {"inputs": "a", "dimensions": 999})
    server.get("/nowhere/secret")
    server.request("BREW", "/v1/models")
    first, second, third, fourth = collector.wait_for_spans(4)
    path, kind, body = collector.posted[0]
    assert (path, kind) == ("/v1/traces", "application/json")
    resource = {item["key"]: value_of(item) for item in body["resourceSpans"][0]["resource"]["attributes"]}
    assert resource["service.name"] == "search" and re.fullmatch(r"\d+\.\d+\.\d+", resource["service.version"])
    assert (first["traceId"], first["parentSpanId"]) == (TRACE, PARENT)
    assert first["name"] == "POST /v1/embeddings" and first["kind"] == 2 and "status" not in first
    times = [began, int(first["startTimeUnixNano"]), int(first["endTimeUnixNano"]), time.time_ns()]
    # Server and test read the same clock, the server's start in microseconds of another.
    assert times[0] - 10**6 <= times[1] < times[2] <= times[3]
    found = attributes_of(first)
    assert found["http.request.method"] == "POST" and found["http.route"] == "/v1/embeddings"
    assert found["http.response.status_code"] == 200 and found["gen_ai.response.model"] == "second"
    # [CLS] a secret [SEP], and as many tokens as the model takes
    assert (found["nestd.texts"], found["nestd.tokens"], found["nestd.truncated"]) == (2, 4 + 256, 1)
    spent = found["nestd.tokenize_ms"] + found["nestd.queue_ms"] + found["nestd.encode_ms"]
    assert 0 < spent <= (times[2] - times[1]) / 10**6 + 1
    assert attributes_of(second)["http.response.status_code"] == 422 and "parentSpanId" not in second
    found = attributes_of(third)
    assert "gen_ai.response.model" not in found
    assert third["name"] == "GET" and found["http.response.status_code"] == 404 and "http.route" not in found
    found = attributes_of(fourth)
    assert fourth["name"] == "HTTP /v1/models" and found["http.request.method"] == "_OTHER"
    assert "secret" not in json.dumps(collector.posted)
    ids = {span["spanId"] for span in (first, second, third)}
    assert len(ids) == 3 and all(re.fullmatch("[0-9a-f]{16}", identity) for identity in ids)
    assert re.fullmatch("[0-9a-f]{32}", second["traceId"]) and second["traceId"] != third["traceId"]


def as_protobuf(value):
    """OTLP's JSON is protobuf's, but for ids, which are hexadecimal."""
    if isinstance(value, list):
        return [as_protobuf(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = {"traceId", "spanId", "parentSpanId"}
    return {
        name: base64.b64encode(bytes.fromhex(item)).decode() if name in ids else as_protobuf(item)
        for name, item in value.items()
    }


def test_what_is_sent_is_what_the_protocol_defines(start, model, collector):
    service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    json_format = pytest.importorskip("google.protobuf.json_format")
    server = start(model, "--otlp-endpoint", collector.url, "--otlp-service-name", 'a "name"').wait_ready()
    server.post("/v1/embeddings", {"input": "a"}, {"traceparent": f"00-{TRACE}-{PARENT}-01"})
    server.get("/nowhere")
    server.stop()
    request = service.ExportTraceServiceRequest()
    for _, _, body in collector.posted:  # an unknown field is an error
        json_format.ParseDict(as_protobuf(body), request)
    spans = [span for resource in request.resource_spans for span in resource.scope_spans[0].spans]
    assert [span.name for span in spans] == ["POST /v1/embeddings", "GET"]
    assert spans[0].trace_id.hex() == TRACE and spans[0].parent_span_id.hex() == PARENT
    assert all(span.kind == span.SPAN_KIND_SERVER and len(span.span_id) == 8 for span in spans)
    assert request.resource_spans[0].resource.attributes[0].value.string_value == 'a "name"'
    assert spans[0].start_time_unix_nano < spans[0].end_time_unix_nano


def test_probes_and_what_is_not_sampled_have_no_span(start, model, collector):
    server = start(model, "--otlp-endpoint", collector.url + "/v1/traces/").wait_ready()
    server.get("/livez")
    server.get("/metrics")
    server.get("/info", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"})
    server.get("/v1/models")
    server.stop()  # what is queued is sent before the end
    assert [span["name"] for span in collector.spans()] == ["GET /v1/models"]
    assert collector.posted[0][0] == "/v1/traces"
    assert attributes_of(collector.spans()[0])["http.response.status_code"] == 200


def test_collector_that_refuses_is_told_once(start, model, collector):
    collector.status = 503
    server = start(model, "--otlp-endpoint", collector.url).wait_ready()
    for _ in range(3):
        server.embed(input="a")
    wait_for_log(server, "spans were dropped: the collector refuses them")
    n_posted = len(collector.posted)
    server.embed(input="a")
    deadline = time.monotonic() + 20
    while len(collector.posted) == n_posted and time.monotonic() < deadline:
        time.sleep(0.05)
    server.stop()
    assert server.log_text().count("spans were dropped") == 1


def test_collector_that_is_not_there(start, model, collector):
    collector.http.server_close()
    server = start(model, "--otlp-endpoint", collector.url).wait_ready()
    server.embed(input="a")
    wait_for_log(server, "1 spans were dropped")
    server.stop()


def test_collector_that_hangs_holds_up_nothing(start, model, collector):
    collector.held.clear()
    server = start(model, "--otlp-endpoint", collector.url).wait_ready()
    server.embed(input="a")
    deadline = time.monotonic() + 20
    while not collector.posted and time.monotonic() < deadline:
        time.sleep(0.05)
    connection = server.connect()
    for _ in range(5000):  # more than are queued
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")
    connection.close()
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 8


def test_endpoint_that_is_no_address_is_refused(binary, model):
    done = run_to_end(binary, "--model-id", model, "--port", "0", "--otlp-endpoint", "collector")
    assert done.returncode == 2 and "--otlp-endpoint" in done.stderr and "http://collector:4318" in done.stderr
