# SPDX-License-Identifier: Apache-2.0
"""The ways in which test_errors.py sends a request: whole and at once, slowly, too large, or to a
server that is busy, loading or draining. Each takes a server, the case's request and its body, and
returns the reply."""

import itertools
import json
import signal
import socket
import time

from harness import read_reply

SLOW_BODY = 100  # bytes announced, of which fewer are sent
FRESH = itertools.count()


def long_texts(n):
    """Of some 250 tokens each, no two alike in any call: the same text is not encoded twice."""
    return [f"{next(FRESH)} " + "busy " * 245 for _ in range(n)]


# So many tokens that it is still being encoded when the next one comes, even on a fast machine.
BUSY = json.dumps({"input": long_texts(60)}).encode()

# These need a server of their own, with these options besides the case's.
OWN_SERVER = {"while-loading": [], "while-draining": ["--threads", "1", "--drain-timeout", "1"]}


def head(request, *lines):
    headers = {"Content-Type": "application/json", **request.get("headers", {})}
    lines = [f"{request.get('method', 'POST')} {request['path']} HTTP/1.1", "Host: nestd", *lines]
    return "\r\n".join(
        [*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    ).encode()


def at_once(server, request, body):
    headers = {} if body is None else {"Content-Type": "application/json"}
    return server.request(
        request.get("method", "POST"),
        request["path"],
        body,
        {**headers, **request.get("headers", {})},
    )


def declare_length(server, request, body):
    """Announces a large body and sends none of it: the answer must come all the same."""
    with server.connect(timeout=10) as connection:
        connection.sendall(head(request, f"Content-Length: {request['length']}"))
        return read_reply(connection)


def chunked(server, request, body):
    with server.connect(timeout=10) as connection:
        connection.sendall(head(request, "Transfer-Encoding: chunked"))
        for start in range(0, len(body), 256):
            chunk = body[start : start + 256]
            connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        connection.sendall(b"0\r\n\r\n")
        return read_reply(connection)


def stall(server, request, body):
    with server.connect(timeout=10) as connection:
        connection.sendall(head(request, f"Content-Length: {SLOW_BODY}") + b'{"inp')
        return read_reply(connection)


def trickle(server, request, body):
    """A byte now and then keeps an idle timeout from firing, but not a limit on the whole."""
    began = time.monotonic()
    with server.connect(timeout=0.25) as connection:
        connection.sendall(head(request, f"Content-Length: {SLOW_BODY}"))
        while True:
            try:
                if connection.recv(1, socket.MSG_PEEK):
                    return read_reply(connection)
                raise AssertionError("closed without an answer")
            except TimeoutError:
                assert time.monotonic() - began < 10, "a trickling body is never refused"
                connection.sendall(b" ")


def while_busy(server, request, body):
    """One request is being encoded; its client goes away once the answer to the other is there."""
    wait_for_metrics(server, lambda busy, queued: busy == 0 and queued == 0)
    others = json.dumps({"input": long_texts(60)}).encode()  # BUSY may have been cached by now
    with server.connect() as busy:
        busy.sendall(head({"path": "/v1/embeddings"}, f"Content-Length: {len(others)}") + others)
        wait_for_busy(server)
        return at_once(server, request, body)


def while_loading(server, request, body):
    """The port is open before the model is; loading this one takes far longer than a refusal."""
    server.wait_listening()
    return at_once(server, request, body)


def while_draining(server, request, body):
    """What cannot be answered within --drain-timeout is told so; the exit status tells it too."""
    server.wait_ready()
    with server.connect() as connection:
        connection.sendall(head(request, f"Content-Length: {len(body)}") + body)
        wait_for_busy(server)
        server.signal(signal.SIGTERM)
        reply = read_reply(connection)
    assert server.wait() == 1
    return reply


def wait_for_busy(server):
    """Until workers encode and more waits."""
    wait_for_metrics(server, lambda busy, queued: busy > 0 and queued > 0)


def wait_for_metrics(server, condition):
    deadline = time.monotonic() + 30
    while not condition(server.metric("nestd_workers_busy"), server.metric("nestd_queue_tokens")):
        assert time.monotonic() < deadline, "the server does not get there"
        time.sleep(0.01)


def wait_for_log(server, text):
    deadline = time.monotonic() + 20
    while text not in server.log_text():
        assert time.monotonic() < deadline, f"no {text!r} in {server.log_text()}"
        time.sleep(0.01)


def wait_for_closed_port(server):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            server.connect().close()
        except ConnectionError:
            return
        time.sleep(0.01)
    raise AssertionError("the port stays open after SIGTERM")


WAYS = {
    "at once": at_once,
    "declare-length": declare_length,
    "chunked": chunked,
    "stall": stall,
    "trickle": trickle,
    "while-busy": while_busy,
    "while-loading": while_loading,
    "while-draining": while_draining,
}
