# SPDX-License-Identifier: Apache-2.0
"""Few files may be open: the start says so and ends, or serves as many connections as fit; those beyond them are answered and
closed; and when they have gone, it is as before."""

import contextlib
import http.client
import json
import threading
import time

import pytest
from harness import Server, free_port, read_reply
from torture.calls import TEXTS, start_or_fail
from torture.limits import limited

make_random_model = pytest.importorskip("make_random_model")

pytestmark = pytest.mark.slow  # the sanitizers open files of their own

BODY = json.dumps({"input": TEXTS}).encode()
REQUEST = b"POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("descriptors") / "model"
    make_random_model.make([str(folder)])
    return folder


def test_a_start_with_few_files_serves_or_says_why(binary, model, tmp_path):
    came_up = {}
    for n in (4, 5, 6, 7, 9, 10, 12, 14, 20, 64):
        server = Server(limited(binary, tmp_path, f"-n {n}"), model, "--http-threads", 1)
        came_up[n] = start_or_fail(server)
        word = f"only {n} files may be open" if came_up[n] else "open files|files may be open"
        assert any(part in server.log_text() for part in word.split("|")), f"{n}: {server.log_text()}"
    print(came_up)
    assert not came_up[4] and came_up[20] and came_up[64]


def ask_on(connection):
    connection.sendall(REQUEST)
    return read_reply(connection)


def keep(server, stack, n):
    """So many connections, each of which has been answered and stays."""
    kept = []
    deadline = time.monotonic() + 60
    while len(kept) < n:
        assert time.monotonic() < deadline, f"{len(kept)} of {n} connections were taken"
        connection = stack.enter_context(server.connect())
        with contextlib.suppress(OSError, http.client.HTTPException):  # closed, while one that is gone still counts
            if ask_on(connection).status == 200:
                kept.append(connection)
                continue
        connection.close()
    return kept


def until_answered(ask, *request):
    """A surplus connection has two seconds, which a slow machine may need to send the request."""
    for _ in range(10):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(*request)
    return ask(*request)


def flood(server, n_clients, n_requests):
    """Clients that come at once, again and again. What their requests were answered with."""
    answers, problems = [], []

    def run():
        for _ in range(n_requests):
            try:
                with server.connect() as connection:
                    reply = ask_on(connection)
                answers.append(reply.status)
                if reply.status == 429 and int(reply.headers["Retry-After"]) < 1:
                    problems.append(reply)
            except TimeoutError as problem:
                problems.append(problem)
            except (OSError, http.client.HTTPException):
                answers.append("closed")

    threads = [threading.Thread(target=run) for _ in range(n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems
    return answers


# Each HTTP thread has files of its own, and so has a second port.
PLAIN = ["--http-threads", 1]
WAYS = {"20": (20, PLAIN), "64": (64, PLAIN), "64, 4 threads": (64, ["--http-threads", 4]), "64, TLS": (64, [*PLAIN, "tls"])}
WAYS["64, a port for metrics"] = (64, [*PLAIN, "--prometheus-port", "port"])


@pytest.fixture(params=WAYS)
def server(request, binary, model, tmp_path, certificate):
    n, options = WAYS[request.param]
    is_tls = "tls" in options
    options = [free_port() if option == "port" else option for option in options if option != "tls"]
    options += certificate.options if is_tls else []
    script = limited(binary, tmp_path, f"-n {n}")
    trusted = certificate.certificate if is_tls else None
    server = Server(script, model, "--keep-alive-timeout", 600, *options, trusted=trusted).wait_ready()
    yield server
    server.stop()


def test_what_does_not_fit_is_answered_and_closed(server):
    expected = server.embed(input=TEXTS)["data"]
    n_fit = int(server.metric("nestd_connections_limit"))
    assert f"enough for {n_fit} connections" in server.log_text() and 2 <= n_fit < 64
    with contextlib.ExitStack() as stack:
        kept = keep(server, stack, n_fit)
        for _ in range(2):
            with server.connect() as connection:  # sends nothing: it is closed, and makes room
                assert connection.recv(1) == b""
            assert until_answered(server.get, "/readyz").status == 200
            refused = until_answered(server.post, "/v1/embeddings", {"input": TEXTS})
            assert refused.status == 429 and "open files" in refused.json()["error"]["message"], refused
        answers = flood(server, n_clients=16, n_requests=20)
        assert set(answers) <= {429, "closed"} and 429 in answers, set(answers)
        for connection in kept:
            assert ask_on(connection).status == 200
    answers = flood(server, n_clients=16, n_requests=20)
    assert set(answers) <= {200, 429, "closed"} and 200 in answers, set(answers)
    with contextlib.ExitStack() as stack:
        for connection in keep(server, stack, n_fit):
            connection.sendall(REQUEST)
            assert json.loads(read_reply(connection).body)["data"] == expected
    assert " error " not in server.log_text()
