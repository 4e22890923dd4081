# SPDX-License-Identifier: Apache-2.0
"""System calls that fail, one at a time: the start says why it ends, or serves; a request gets what is right, 500 or a closed
connection; the next one gets what is right. Of the start's calls a sample, or all with TORTURE=all (tests/run torture)."""

import json
import os
import time

import pytest
from harness import Server
from torture.calls import KINDS, REQUESTS, TEXTS, Calls, ask, content, is_right, start_or_fail

make_random_model = pytest.importorskip("make_random_model")

pytestmark = pytest.mark.slow  # the sanitizers have functions of their own, in which nothing fails

ALL = os.environ.get("TORTURE") == "all"
N_DRAWN = 3
OF_SYSTEM = [kind for kind in KINDS if kind != "allocate"]
OF_EACH_REQUEST = ["recv", "send", "epoll"]  # the others are not the route's: tried with the first


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torture") / "model"
    make_random_model.make([str(folder), "--prompt", "query=q: "])
    return folder


@pytest.fixture(scope="module")
def calls(binary, tmp_path_factory):
    calls = Calls(binary, tmp_path_factory.mktemp("calls"))
    if not calls.are_built():
        pytest.skip("the library that has calls fail was not built")
    return calls


@pytest.fixture(scope="module")
def expected(binary, model):
    server = Server(binary, model, "--cache-size", "0").wait_ready()
    data = server.embed(input=TEXTS)["data"]
    server.stop()
    return data


def start(binary, model, calls, expected, kind, n):
    """Whether it came up."""
    calls.forget()
    calls.fail_at(n, kind=kind)
    server = Server(binary, model, "--cache-size", "0", env=calls.environment())
    try:

        def is_right_then():
            calls.stop_failing(kind)
            assert server.embed(input=TEXTS)["data"] == expected

        return start_or_fail(server, is_right_then)
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.mark.parametrize("kind", KINDS if ALL else OF_SYSTEM)
def test_a_call_of_the_start_may_fail(binary, model, calls, expected, rng, kind):
    assert start(binary, model, calls, expected, kind, 0)
    n_calls = calls.count(kind)
    drawn = range(1, n_calls + 1)
    if not ALL and n_calls > N_DRAWN:
        drawn = rng.sample(drawn, N_DRAWN)
    came_up, wrong = 0, []
    for n in drawn:
        try:
            came_up += start(binary, model, calls, expected, kind, n)
        except AssertionError as problem:
            wrong.append(f"n = {n}: {problem}")
    print(f"{kind}: {len(drawn)} of {n_calls} calls, {came_up} starts came up")
    assert not wrong, "\n".join(wrong)


def n_descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


@pytest.fixture(scope="module")
def server(binary, model, calls):
    calls.forget()
    server = Server(binary, model, "--cache-size", "0", env=calls.environment()).wait_ready()
    assert ask(server, *REQUESTS["embeddings"]).status == 200
    yield server
    server.stop()


@pytest.fixture(scope="module")
def settle(server):
    """Waits until all connections are closed: a call for the one before would be taken for the next one's."""
    n_idle = n_descriptors(server)
    for _ in range(50):
        time.sleep(0.01)
        n_idle = min(n_idle, n_descriptors(server))

    def wait():
        deadline = time.monotonic() + 20
        while n_descriptors(server) > n_idle:
            assert time.monotonic() < deadline, f"{n_descriptors(server)} descriptors, {n_idle} before"
            time.sleep(0.001)

    return wait


@pytest.mark.parametrize("request_name", REQUESTS)
def test_a_call_of_a_request_may_fail(server, settle, calls, request_name):
    path, body = REQUESTS[request_name]
    expected = content(ask(server, path, body))
    found = {}
    for kind in OF_SYSTEM if ALL or request_name == "embeddings" else OF_EACH_REQUEST:
        n, n_without = 1, 0
        while n_without < 2:
            settle()
            calls.fail_at(n, kind=kind)
            reply = ask(server, path, body)
            n_without = 0 if calls.stop_failing(kind) else n_without + 1
            answer = reply.status if reply else "closed"
            if answer == expected[0]:
                assert is_right(reply, expected), f"{kind} {n}: {reply}"
            else:
                assert answer in (500, "closed"), f"{kind} {n}: {reply}"
            found.setdefault((kind, answer), []).append(n)
            after = ask(server, path, body)
            assert after and content(after) == expected, f"after {kind} {n}: {after}"
            n += 1
    print(json.dumps({f"{kind} {answer}": numbers for (kind, answer), numbers in found.items()}))
    assert found[("recv", "closed")] and found[("send", "closed")]
    settle()
