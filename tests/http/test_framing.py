# SPDX-License-Identifier: Apache-2.0
"""What the bytes of a request are must be beyond doubt: the same for nestd as for any server before it (RFC 9112). Runs against any
build: libmicrohttpd's versions differ in what they take."""

import contextlib
import json
import socket
import time

import pytest

from framing_cases import BODY, CASES, EMBED, HOST, LENGTH, lines, post

NEXT = b"GET /livez HTTP/1.1\r\nHost: nestd\r\nx-request-id: the-next\r\n\r\n"
WAIT_S = 25


class Replies:
    """What comes back on a socket, taken apart strictly: a status line, fields, and so many bytes as they say."""

    def __init__(self, connection):
        self.connection = connection
        self.unread = b""

    def _receive(self):
        try:
            part = self.connection.recv(1 << 16)
        except ConnectionResetError:
            part = b""
        self.unread += part
        return part

    def read(self):
        """The next (status, fields, body); None at the end of the stream."""
        while b"\r\n\r\n" not in self.unread:
            if not self._receive():
                assert self.unread == b"", f"broken off: {self.unread!r}"
                return None
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        first, *rest = head.decode("latin-1").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), first
        pairs = [line.split(": ", 1) for line in rest]
        fields = {name.lower(): value for name, value in pairs}
        assert len(fields) == len(pairs), f"a field comes twice: {rest}"
        length = int(fields.get("content-length", "0"))
        while len(self.unread) < length:
            assert self._receive(), "broken off within the body"
        body, self.unread = self.unread[:length], self.unread[length:]
        return int(status), fields, body

    def assert_end(self):
        while self._receive():
            pass
        assert self.unread == b"", f"more than one reply: {self.unread[:300]!r}"


def send(connection, data):
    try:
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before all of it was sent


def is_openai_error(body):
    error = json.loads(body)["error"]
    return set(error) == {"message", "type", "param", "code"} and error["message"]


def check(server, case):
    with server.connect(timeout=WAIT_S) as connection:
        send(connection, case.data + NEXT)
        replies = Replies(connection)
        first = replies.read()
        if first is None:
            assert case.may_close, "closed without a word"
            return
        status, fields, body = first
        assert status in case.statuses, (status, body)
        if status >= 400 and case.is_json:
            assert fields.get("content-type") == "application/json" and is_openai_error(body), body
        goes_on = status < 300 if case.goes_on is None else case.goes_on
        if goes_on:
            second = replies.read()
            assert second and second[0] == 200, second
            assert second[1]["x-request-id"] == "the-next"
        else:
            assert fields.get("connection", "").lower() == "close"
            replies.assert_end()


def test_there_are_as_many_cases_as_were_promised():
    assert len(CASES) >= 131 and len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bytes(server, case):
    check(server, case)


def wait_for_no_request(server):
    deadline = time.monotonic() + WAIT_S
    while (n := server.metric("nestd_requests_unanswered")) != 0:
        assert time.monotonic() < deadline, f"{n} requests stay"
        time.sleep(0.01)


def test_no_request_stays_behind(start, model):
    """Of any case; the address sanitizer's run looks for their memory too."""
    server = start(model, "--drain-timeout", "1").wait_ready()
    failed = []
    for case in CASES:
        try:
            check(server, case)
        except (AssertionError, OSError):
            failed.append(case.name)  # test_bytes tells what is wrong with it
        wait_for_no_request(server)
    assert len(failed) < len(CASES) / 2, failed
    server.stop()  # with exit status 0: it waits for none


def test_request_with_500_parameters_is_not_kept(start, model):
    """libmicrohttpd 0.9.75 forgets it: then the server waits for it in vain as it stops."""
    server = start(model, "--request-timeout", "1", "--drain-timeout", "1").wait_ready()
    with server.connect(timeout=WAIT_S) as connection:
        connection.sendall(b"GET /livez?" + b"a=b&" * 500 + b" HTTP/1.1\r\nHost: nestd\r\n\r\n")
        assert Replies(connection).read()
    server.stop()


@pytest.fixture(scope="module")
def tls_server(servers, model, certificate):
    return servers(model, *certificate.options, trusted=certificate.certificate)


# TLS has its own way of sending what libmicrohttpd does not: one case of each way.
@pytest.mark.parametrize(
    "name",
    [
        "length",
        "length a word",
        "length twice, different",
        "coding gzip, chunked",
        "coding and length",
        "host missing",
        "target a URL",
        "target with 500 parameters",
        "header of 23 KiB",
        "header of 25 KiB",
    ],
)
def test_bytes_by_tls(tls_server, name):
    check(tls_server, next(case for case in CASES if case.name == name))


def test_slowly_sent_headers_are_told_apart(server):
    """Many headers are under way on a thread when one of them turns out to be bad: that one is refused, and no other."""
    half, rest = lines(EMBED, HOST, b"X: y").split(b"X: y")
    waiting = [server.connect(timeout=WAIT_S) for _ in range(8)]
    for connection in waiting:
        connection.sendall(half)
    time.sleep(0.1)
    waiting[3].sendall(b"Content-Length: ten\r\n\r\n")
    status, _, body = Replies(waiting[3]).read()
    assert status == 400 and b"ten" in body
    for connection in waiting[:3] + waiting[4:]:
        connection.sendall(LENGTH + rest + BODY)
        assert Replies(connection).read()[0] == 200
    for connection in waiting:
        connection.close()


def error_of(server, *fields, path=b"/v1/embeddings"):
    with server.connect(timeout=WAIT_S) as connection:
        connection.sendall(post(*fields, line=b"POST %s HTTP/1.1" % path))
        return Replies(connection).read()


def test_refusals_are_in_the_shape_of_the_route(server):
    for fields in ([LENGTH, b"Content-Length: 2"], [b"Content-Length: ten"]):
        status, _, body = error_of(server, *fields, path=b"/embed")
        assert status == 400 and set(json.loads(body)) == {"error", "error_type"}


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_encoded_bodies_are_refused_by_name(server, coding):
    status, fields, body = error_of(server, LENGTH, b"Content-Encoding: " + coding.encode())
    error = json.loads(body)["error"]
    assert status == 415 and error["code"] == "unsupported_media_type"
    assert "Content-Encoding" in error["message"] and coding in error["message"]
    assert fields["accept-encoding"] == "identity"


def test_other_types_are_told_what_came_and_what_to_add(server):
    """As curl sends it that was given a body and no header."""
    kind = "application/x-www-form-urlencoded"
    status, fields, body = error_of(server, LENGTH, b"Content-Type: " + kind.encode())
    message = json.loads(body)["error"]["message"]
    assert status == 415 and kind in message and "Content-Type: application/json" in message
    assert "accept-encoding" not in fields


def test_length_beyond_any_is_refused_at_once(server):
    began = time.monotonic()
    status, _, body = error_of(server, b"Content-Length: 18446744073709551615")
    assert status == 413 and json.loads(body)["error"]["code"] == "payload_too_large"
    assert time.monotonic() - began < 2


def test_codings_are_refused_by_name(server):
    status, _, body = error_of(server, b"Transfer-Encoding: gzip, chunked")
    assert status == 501 and "gzip" in json.loads(body)["error"]["message"]


def half_close(server, data):
    """Sends all, then shuts the sending side; returns the replies up to the end, and how long it took."""
    began = time.monotonic()
    with server.connect(timeout=60) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        replies = Replies(connection)
        found = []
        while reply := replies.read():
            found.append(reply)
        return found, f"{time.monotonic() - began:.3f} s"


@pytest.fixture(params=["alone", "beside others"])
def kept_connections(server, request):
    """Others that stay open meanwhile. libmicrohttpd looks at the oldest connection of a thread before all, and there is one thread."""
    with contextlib.ExitStack() as opened:
        for _ in range(0 if request.param == "alone" else 4):
            connection = opened.enter_context(server.connect(timeout=WAIT_S))
            connection.sendall(NEXT)
            assert Replies(connection).read()[0] == 200
        yield


@pytest.mark.usefixtures("kept_connections")
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_half_closed_clients_are_answered(server, version):
    found, took = half_close(server, post(LENGTH, line=b"POST /v1/embeddings HTTP/" + version))
    assert [status for status, _, _ in found] == [200], took
    assert len(json.loads(found[0][2])["data"]) == 1


@pytest.mark.usefixtures("kept_connections")
def test_half_closed_clients_are_answered_to_all_that_they_sent(server):
    found, took = half_close(server, post(LENGTH) + post(LENGTH) + NEXT)
    assert [status for status, _, _ in found] == [200, 200, 200], took
