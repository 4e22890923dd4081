# SPDX-License-Identifier: Apache-2.0
"""Connections that send nothing, or a header slowly, do not stay (promise 3)."""

import socket
import time

import pytest

from harness import read_reply


@pytest.fixture(scope="module")
def impatient(servers, model):
    return servers(model, "--request-timeout", "1", "--keep-alive-timeout", "2")


def seconds_until_closed(connection):
    began = time.monotonic()
    assert connection.recv(1000) == b""
    return time.monotonic() - began


def test_header_that_trickles_is_refused(impatient):
    with impatient.connect(timeout=0.2) as connection:
        connection.sendall(b"POST /v1/embeddings HTTP/1.1\r\n")
        for _ in range(40):
            try:
                assert connection.recv(1, socket.MSG_PEEK), "closed without an answer"
                break
            except TimeoutError:
                connection.sendall(b"x-more: a\r\n")
        reply = read_reply(connection)
    assert reply.status == 408 and reply.json()["error"]["code"] == "request_timeout"


def test_idle_connections_are_closed(impatient):
    with impatient.connect(timeout=10) as connection:
        assert seconds_until_closed(connection) < 6
    with impatient.connect(timeout=10) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: nestd\r\n\r\n")
        assert read_reply(connection).status == 200
        assert 0.5 < seconds_until_closed(connection) < 6


def test_a_slow_client_holds_up_nobody_else(impatient):
    slow = [impatient.connect() for _ in range(50)]
    for connection in slow:
        connection.sendall(b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{")
    began = time.monotonic()
    impatient.embed(input="quick")
    assert time.monotonic() - began < 1
    for connection in slow:
        connection.close()
