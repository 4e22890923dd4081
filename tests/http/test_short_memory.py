# SPDX-License-Identifier: Apache-2.0
"""Allocations that fail. tests/torture/calls.c, preloaded into the server, has the n-th of them fail, for every n of a
request: the client is answered, with what is right or 500, or its connection closes; the next request is served."""

import pytest
import tiny_models
from harness import Server, native_dtypes, run_to_end
from torture.calls import OF_RANKERS, REQUESTS, TEXTS, Calls, ask, content, is_right, start_or_fail
from torture.limits import limited

make_random_model = pytest.importorskip("make_random_model")

pytestmark = pytest.mark.slow  # the sanitizers have a malloc of their own, in which nothing fails

@pytest.fixture
def calls(binary, tmp_path):
    calls = Calls(binary, tmp_path)
    if not calls.are_built():
        pytest.skip("the library that has calls fail was not built")
    return calls


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short") / "model"
    make_random_model.make([str(folder), "--prompt", "query=q: "])
    return folder


@pytest.fixture(scope="module")
def ranker(shared_data, tmp_path_factory):
    return tiny_models.make(shared_data, "rank-bert", tmp_path_factory.mktemp("ranker"))


@pytest.fixture
def failing(binary, calls, model):
    """Starts a server, and gives it with its Calls; at the end it must have stayed alive."""
    started = []

    def start(*options, model=model):
        env = calls.environment()
        started.append(Server(binary, model, "--cache-size", "0", *options, env=env))
        return started[-1].wait_ready(), calls

    yield start
    for server in started:
        server.stop()


def try_every_n(server, calls, path, body, all_on, step):
    """What n gave which answer."""
    assert content(ask(server, path, body)) == content(ask(server, path, body))
    expected = content(ask(server, path, body))
    found = {}
    n, n_without = 1, 0
    while n_without < 3:
        calls.fail_at(n, all_on)
        reply = ask(server, path, body)
        n_without = 0 if calls.stop_failing() else n_without + 1
        answer = reply.status if reply else "closed"
        if answer == expected[0]:
            assert is_right(reply, expected), f"n = {n}: {reply}"
        else:
            assert answer in (500, "closed"), f"n = {n}: {reply}"
        found.setdefault(answer, []).append(n)
        after = ask(server, path, body)
        assert after and content(after) == expected, f"after n = {n}: {after}"
        n += step
    return found


@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_allocation_of_a_request_may_fail(failing, request_name):
    server, calls = failing()
    found = try_every_n(server, calls, *REQUESTS[request_name], all_on=False, step=1)
    print(request_name, {answer: len(numbers) for answer, numbers in found.items()})
    assert found.get(500) and found.get("closed")


@pytest.mark.parametrize("request_name", REQUESTS)
def test_memory_may_end_in_the_midst_of_a_request(failing, request_name):
    """From one allocation on, all fail, until the client has its answer."""
    server, calls = failing()
    try_every_n(server, calls, *REQUESTS[request_name], all_on=True, step=3)


@pytest.mark.parametrize("request_name", OF_RANKERS)
def test_every_allocation_of_a_ranker_may_fail(failing, ranker, request_name):
    server, calls = failing(model=ranker)
    found = try_every_n(server, calls, *OF_RANKERS[request_name], all_on=False, step=1)
    assert found.get(500) and found.get("closed")


@pytest.mark.parametrize("dtype", native_dtypes())
def test_every_allocation_may_fail_with_each_dtype(failing, dtype):
    server, calls = failing("--dtype", dtype)
    try_every_n(server, calls, *REQUESTS["embeddings"], all_on=False, step=1)


# ---- start-up ----


@pytest.mark.parametrize("dtype", ["float32", *native_dtypes()])
def test_start_needs_memory_or_says_so(binary, calls, model, rng, dtype):
    """The n-th allocation of the start fails, for n that differ from run to run."""

    def start(n):
        calls.forget()
        calls.fail_at(n)
        server = Server(
            binary, model, "--dtype", dtype, "--cache-size", "0", env=calls.environment()
        )
        # What the first request allocates is no more of the start: it may answer 500 for want of it.
        return start_or_fail(server, calls.stop_failing)

    assert start(0)
    n_allocations = calls.count()
    assert n_allocations > 1000
    for n in [*range(1, 20), *(rng.randrange(20, n_allocations) for _ in range(60))]:
        print(f"n = {n}")
        start(n)


def test_start_without_address_space_says_so(binary, model, tmp_path):
    """Now mmap and the threads' stacks fail too."""
    came_up = []
    for megabytes in range(100, 1300, 75):
        script = limited(binary, tmp_path, f"-v {megabytes * 1024}")
        if run_to_end(script, "--help").returncode == 0:
            came_up.append(start_or_fail(Server(script, model)))
    assert False in came_up and came_up[-1]
