# SPDX-License-Identifier: Apache-2.0
"""A server under a large request stays alive, and drops the work of clients that left (promises 4,
7 and 9)."""

import ctypes
import json
import os
import pathlib
import socket
import statistics
import struct
import time

import pytest
from harness import read_reply
from sending import BUSY, head, long_texts, wait_for_busy

pytestmark = pytest.mark.alone

MEGABYTE = 1 << 20


def send_in_full(connection, body):
    connection.sendall(head({"path": "/v1/embeddings"}, f"Content-Length: {len(body)}") + body)


def wait_for(condition, timeout_s, what):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def latencies_ms(server, path, seconds):
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        assert server.get(path).status == 200
        found.append(1000 * (time.monotonic() - began))
        time.sleep(0.005)
    return found


def test_livez_answers_while_a_large_request_is_decoded(start, model):
    server = start(model).wait_ready()
    word = "décoder "
    text = word * (16090 // len(word.encode()))
    texts = [f"{i} {text}" for i in range(2048)]
    body = json.dumps({"input": texts}, ensure_ascii=False).encode()
    assert 31 * MEGABYTE < len(body) < 32 * MEGABYTE
    with server.connect() as connection:
        send_in_full(connection, body)
        found = latencies_ms(server, "/livez", 2)
        metrics = latencies_ms(server, "/metrics", 1)
    print(
        f"livez: median {statistics.median(found):.1f} ms, worst {max(found):.1f} ms; "
        f"metrics: worst {max(metrics):.1f} ms"
    )
    assert statistics.median(found) < 50 and max(found) < 500 and max(metrics) < 500
    wait_for(
        lambda: server.metric("nestd_queue_tokens") == 0,
        10,
        "the queue keeps the texts of a client that left",
    )


def test_small_request_does_not_wait_behind_a_large_one(start, model):
    """Promise 4: hardly any of the large request is encoded meanwhile."""
    server = start(model).wait_ready()
    with server.connect() as connection:
        send_in_full(connection, json.dumps({"input": long_texts(1024)}).encode())
        wait_for_busy(server)
        before = server.metric("nestd_queue_tokens")
        server.embed(input="small")
        assert server.metric("nestd_queue_tokens") > 0.9 * before > 200_000


def slice_ns(thread_id):
    """What sched_getattr(2) says; 0 before Linux 6.12."""
    attributes = ctypes.create_string_buffer(48)
    number = {"x86_64": 315, "aarch64": 275}[os.uname().machine]
    assert ctypes.CDLL(None).syscall(number, thread_id, attributes, 48, 0) == 0
    return struct.unpack("=IIQiIQQQ", attributes.raw)[5]


def test_threads_that_answer_ask_for_less_time_at_a_stretch_than_those_that_encode(start, model):
    server = start(model).wait_ready()
    slices = {True: set(), False: set()}
    for thread in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        encodes = (thread / "comm").read_text().strip() == "encode"
        slices[encodes].add(slice_ns(int(thread.name)))
    kernel = tuple(int(part) for part in os.uname().release.split(".")[:2])
    long_ns, short_ns = (3_000_000, 100_000) if kernel >= (6, 12) else (0, 0)
    assert slices == {True: {long_ns}, False: {short_ns}}


def test_clients_that_sent_the_same_texts_take_them_with_them(start, model):
    """A text in flight is encoded once for all who sent it, but only as long as one of them is there."""
    server = start(model, "--threads", "1").wait_ready()
    body = json.dumps({"input": long_texts(2048)}).encode()
    with server.connect() as first, server.connect() as second:
        send_in_full(first, body)
        wait_for(lambda: server.metric("nestd_queue_tokens") > 300_000, 30, "never queued")
        send_in_full(second, body)
        wait_for(
            lambda: server.metric("nestd_duplicate_texts_total") > 1000, 30, "never taken as the same"
        )
        first.close()
        time.sleep(0.3)
        assert server.metric("nestd_queue_tokens") > 200_000, "given up though one client waits"
    wait_for(
        lambda: server.metric("nestd_queue_tokens") == 0,
        2,
        "the queue keeps the texts of clients that left",
    )


def test_client_that_leaves_takes_its_texts_with_it(start, model):
    server = start(model, "--threads", "1").wait_ready()
    with server.connect() as connection:
        send_in_full(connection, json.dumps({"input": long_texts(2048)}).encode())
        wait_for(lambda: server.metric("nestd_queue_tokens") > 400_000, 30, "never queued")
    wait_for(
        lambda: server.metric("nestd_queue_tokens") == 0,
        2,
        "the queue keeps the texts of a client that left",
    )
    assert len(server.embed(input="next")["data"]) == 1


def send_and_shut(connection, body):
    """As nc -N does, and some balancers: nothing more will be sent, and the reply is waited for."""
    send_in_full(connection, body)
    connection.shutdown(socket.SHUT_WR)


def test_client_that_shut_its_sending_side_is_answered(start, model):
    server = start(model, "--threads", "1").wait_ready()
    began = time.monotonic()
    server.embed(input=long_texts(5))
    texts = long_texts(min(150, max(10, int(15 / (time.monotonic() - began)))))  # of some three seconds on any build
    with server.connect() as connection:
        began = time.monotonic()
        send_and_shut(connection, json.dumps({"input": texts}).encode())
        reply = read_reply(connection)  # past a 100, by which it was asked whether it is there
        assert reply.status == 200 and len(reply.json()["data"]) == len(texts)
        assert time.monotonic() - began > 1, "so quick that it proves little"
        assert connection.recv(1) == b""


def test_client_that_shut_its_sending_side_and_leaves_takes_its_texts_with_it(start, model):
    server = start(model, "--threads", "1").wait_ready()
    with server.connect() as connection:
        send_and_shut(connection, json.dumps({"input": long_texts(2048)}).encode())
        wait_for(lambda: server.metric("nestd_queue_tokens") > 400_000, 30, "never queued")
        time.sleep(2)
        assert server.metric("nestd_queue_tokens") > 300_000, "given up though its client waits"
    wait_for(lambda: server.metric("nestd_queue_tokens") == 0, 2, "the queue keeps the texts")


def test_client_that_leaves_by_tls_takes_its_texts_with_it(start, model, certificate):
    server = start(
        model, "--threads", "1", *certificate.options, trusted=certificate.certificate
    ).wait_ready()
    with server.connect() as connection:
        send_in_full(connection, json.dumps({"input": long_texts(1024)}).encode())
        wait_for(lambda: server.metric("nestd_queue_tokens") > 200_000, 30, "never queued")
    wait_for(lambda: server.metric("nestd_queue_tokens") == 0, 2, "the queue keeps the texts")


def test_clients_that_leave_at_any_moment_do_no_harm(start, model, rng):
    server = start(model, "--threads", "2").wait_ready()
    request = head({"path": "/v1/embeddings"}, f"Content-Length: {len(BUSY)}") + BUSY
    for _ in range(40):
        with server.connect() as connection:
            connection.sendall(request[: rng.choice([rng.randrange(len(request)), len(request)])])
            time.sleep(rng.choice([0, 0.001, 0.01, 0.05]))
    wait_for(
        lambda: server.metric("nestd_queue_tokens") == 0,
        10,
        "the queue keeps the texts of clients that left",
    )
    assert len(server.embed(input="next")["data"]) == 1
