# SPDX-License-Identifier: Apache-2.0
"""The server's other doors: --prometheus-port, a second port with /metrics alone, and --uds-path, a Unix socket."""

import http.client
import json
import os
import socket
import stat

import pytest
from harness import free_port


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(connection, method, path, value=None, headers=None):
    body = json.dumps(value).encode() if value is not None else None
    connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
    reply = connection.getresponse()
    return reply.status, reply.read()


def test_metrics_have_a_port_of_their_own(start, model):
    port = free_port()
    server = start(model, "--prometheus-port", port).wait_ready()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    status, body = ask(connection, "GET", "/metrics")
    assert status == 200 and b'nestd_requests_total{route="/v1/embeddings",status="200"} 0' in body
    for method, path, value in (("POST", "/v1/embeddings", {"input": "a"}), ("GET", "/livez", None), ("GET", "/", None)):
        status, body = ask(connection, method, path, value)
        assert status == 404 and b"/metrics alone" in body, body
    assert ask(connection, "POST", "/metrics", {})[0] == 405
    connection.close()
    assert server.get("/metrics").status == 200
    assert server.embed(input="a")["data"]
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_metrics_are_there_when_the_server_is_full(start, model):
    port = free_port()
    server = start(model, "--prometheus-port", port, "--max-connections", "2").wait_ready()
    full = [server.connect() for _ in range(2)]
    for connection in full:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(4096)
    assert ask(http.client.HTTPConnection("127.0.0.1", port, timeout=10), "GET", "/metrics")[0] == 200
    for path in ("/livez", "/readyz", "/health", "/ping", "/metrics"):
        assert server.get(path, timeout=10).status == 200
    refused = server.post("/v1/embeddings", {"input": "a"}, timeout=10)
    assert refused.status == 429 and int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["Connection"] == "close" and "--max-connections" in refused.json()["error"]["message"]
    for connection in full:
        connection.close()


def test_a_full_server_answers_probes_by_tls(start, model, certificate):
    server = start(model, "--max-connections", "1", *certificate.options, trusted=certificate.certificate).wait_ready()
    with server.connect() as kept:
        kept.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept.recv(4096)
        with server.connect_plain() as silent:
            assert server.get("/livez", timeout=10).status == 200
            assert server.get("/info", timeout=10).status == 429
            silent.settimeout(10)
            assert silent.recv(1) == b""


def test_port_of_metrics_that_is_taken_is_said(start, model):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = start(model, "--prometheus-port", port)
        assert server.wait() == 1
    assert f"port {port}" in server.log_text() and "in use" in server.log_text()


def test_unix_socket(start, model, tmp_path):
    path = tmp_path / "nestd.sock"
    server = start(model, "--uds-path", path, "--api-key", "key").wait_ready()
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    key = {"Authorization": "Bearer key"}
    connection = UnixConnection(path)
    texts = {"input": ["a cat"] * 200, "encoding_format": "float"}
    status, body = ask(connection, "POST", "/v1/embeddings", texts, key)
    expected = server.post("/v1/embeddings", texts, key)
    assert status == expected.status == 200 and body == expected.body
    assert ask(connection, "POST", "/v1/embeddings", texts)[0] == 401  # on the same connection
    assert ask(connection, "GET", "/livez")[0] == 200
    connection.close()
    server.stop()
    assert not path.exists()


def test_socket_of_a_killed_server_is_replaced(start, model, tmp_path):
    path = tmp_path / "nestd.sock"
    first = start(model, "--uds-path", path).wait_ready()
    second = start(model, "--uds-path", path)
    assert second.wait() == 1 and "another process listens there" in second.log_text()
    first.process.kill()
    first.process.wait()
    assert path.exists()
    start(model, "--uds-path", path).wait_ready()
    assert ask(UnixConnection(path), "GET", "/livez")[0] == 200


def test_paths_that_cannot_be_had(start, model, tmp_path):
    (tmp_path / "file").write_text("mine")
    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    datagrams.bind(str(tmp_path / "datagrams"))
    for path, words in (
        (tmp_path / "file", "no socket"),
        (tmp_path / "datagrams", "wrong type"),
        (tmp_path / "nowhere" / "a", "No such file"),
        (tmp_path / ("a" * 120), "at most 107 bytes"),
    ):
        server = start(model, "--uds-path", path)
        assert server.wait() == 1 and words in server.log_text(), server.log_text()
    assert (tmp_path / "file").read_text() == "mine" and (tmp_path / "datagrams").exists()
    datagrams.close()
