# SPDX-License-Identifier: Apache-2.0
"""Clients that send nothing, slowly or too much do not stay, and hold up nobody (promise 3)."""

import os
import resource
import select
import threading
import time

import pytest

from harness import read_reply

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def impatient(servers, model, spoken):
    options, trusted = spoken
    return servers(
        model, "--request-timeout", "1", "--keep-alive-timeout", "2", *options, trusted=trusted
    )


def readable(connection):
    """Whether something has come within 0.2 s; of TLS the bytes below it, so no peeking."""
    waiting = select.poll()  # select() takes no descriptor over 1023
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(200))


def seconds_until_closed(connection):
    began = time.monotonic()
    assert connection.recv(1000) == b""
    return time.monotonic() - began


def test_header_that_trickles_is_refused(impatient):
    with impatient.connect(timeout=0.2) as connection:
        connection.sendall(b"POST /v1/embeddings HTTP/1.1\r\n")
        for _ in range(40):
            if readable(connection):
                break
            connection.sendall(b"x-more: a\r\n")
        connection.settimeout(10)
        reply = read_reply(connection)
    assert reply.status == 408 and reply.json()["error"]["code"] == "request_timeout"


def test_body_that_stalls_is_refused(impatient):
    with impatient.connect(timeout=10) as connection:
        connection.sendall(b"POST /similarity HTTP/1.1\r\nHost: nestd\r\nContent-Length: 9\r\n\r\n{")
        reply = read_reply(connection)
        assert reply.status == 408 and reply.json()["error_type"]
        assert connection.recv(1) == b"", "and its connection ends"


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
        connection.sendall(b"POST /v1/embeddings HTTP/1.1\r\nHost: nestd\r\nContent-Length: 1000\r\n\r\n{")
    began = time.monotonic()
    impatient.embed(input="quick")
    assert time.monotonic() - began < 1
    for connection in slow:
        connection.close()


N_IDLE = 1000


@pytest.fixture
def many_files():
    """Two descriptors for each connection, if the system lets us."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert limits[1] >= 2 * N_IDLE, "the test needs more open files than the system allows"
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def is_alive(connection):
    connection.sendall(b"GET /livez HTTP/1.1\r\nHost: nestd\r\n\r\n")
    return read_reply(connection, "GET").status == 200


def trickle(server, replies):
    """A byte a few times a second, until there is an answer."""
    with server.connect() as connection:
        connection.sendall(b"POST /v1/embeddings HTTP/1.1\r\nHost: nestd\r\nContent-Length: 1000\r\n\r\n{")
        began = time.monotonic()
        while not readable(connection) and time.monotonic() - began < 20:
            connection.sendall(b" ")
        replies.append(read_reply(connection).status)


def pour(server, replies):
    """Announces a gigabyte and sends some of it, whatever the answer."""
    with server.connect() as connection:
        connection.sendall(b"POST /v1/embeddings HTTP/1.1\r\nHost: nestd\r\nContent-Length: 1000000000\r\n\r\n")
        try:
            for _ in range(64):
                connection.sendall(b" " * 65536)
        except OSError:
            pass
        replies.append(read_reply(connection).status)


def shake_hands_slowly(server, replies):
    """Never gets to a request: a byte of a handshake, or of a request line, now and then."""
    with server.connect_plain() as connection:
        for byte in b"\x16\x03\x01\x02" if server.tls else b"POST":
            connection.sendall(bytes([byte]))
            if readable(connection):
                break
        connection.settimeout(20)
        while connection.recv(100):
            pass
        replies.append("closed")


def test_idle_slow_and_oversized_clients_leave_the_others_alone(start, model, spoken, many_files):
    options, trusted = spoken
    limits = ("--request-timeout", "2", "--keep-alive-timeout", "120", "--payload-limit", "1MiB")
    server = start(model, *limits, *options, trusted=trusted).wait_ready()
    idle = [server.connect() for _ in range(N_IDLE)]
    assert all(is_alive(connection) for connection in idle)

    slow, large = [], []
    threads = [threading.Thread(target=trickle, args=(server, slow)) for _ in range(10)]
    threads += [threading.Thread(target=pour, args=(server, large)) for _ in range(5)]
    for thread in threads:
        thread.start()
    longest = 0
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        server.embed(input=f"normal traffic at {began}")
        longest = max(longest, time.monotonic() - began)
    for thread in threads:
        thread.join()
    assert slow == [408] * 10
    assert large == [413] * 5
    assert longest < 2, "a lone text takes some milliseconds"
    assert all(is_alive(connection) for connection in idle)
    for connection in idle:
        connection.close()


def test_beginnings_that_never_end_are_cut_off(impatient):
    closed = []
    threads = [
        threading.Thread(target=shake_hands_slowly, args=(impatient, closed)) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    before = cpu_seconds(impatient)
    time.sleep(0.5)
    assert cpu_seconds(impatient) - before < 0.25, "waiting for them costs nothing"
    for thread in threads:
        thread.join(20)
    assert closed == ["closed"] * 10


def cpu_seconds(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_too_long_headers_are_refused(impatient):
    for line, status in ((b"GET /livez HTTP/1.1\r\nx-more: ", 431), (b"GET /", 414)):
        with impatient.connect(timeout=10) as connection:
            connection.sendall(line + b"a" * 60000)
            assert read_reply(connection).status == status
    assert impatient.get("/livez").status == 200
