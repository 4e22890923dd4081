# SPDX-License-Identifier: Apache-2.0
"""A soak: requests of every route, refused ones, clients that go away and reloads, while calls of the system and allocations fail
by chance. Every reply with 200 is right. Memory and descriptors are looked at while it rests: under load they go with the number of
connections, each of 52 KiB, and one whose client went away before its request was whole stays for a second.

SOAK_SECONDS says how long, with the default model, whose memory may drift by 1 %: an hour in tests/run soak. Otherwise it is 20 s
with a small model, whose memory may grow by what malloc keeps."""

import contextlib
import os
import pathlib
import random
import signal
import statistics
import threading
import time

import pytest
from harness import Server
from torture.calls import REQUESTS, Calls, ask, content, is_right

make_random_model = pytest.importorskip("make_random_model")

pytestmark = pytest.mark.slow  # the sanitizers have functions of their own, in which nothing fails

IS_LONG = "SOAK_SECONDS" in os.environ
SECONDS = float(os.environ.get("SOAK_SECONDS", 20))
N_LOADS = 12 if IS_LONG else 6  # and rests
N_WARMING = N_LOADS // 3  # of them
MIN_KEPT_KIB = 1024  # serve.c has malloc give back what is more than 512 KiB in an arena: with a small model that is more than 1 %
N_CLIENTS = 4
# Of how many calls one fails. A request makes some hundred allocations.
ONE_IN = {"recv": 100, "send": 100, "epoll": 100, "accept": 100, "open": 100, "read": 100, "write": 100, "mmap": 100, "allocate": 20000}
KEY = {"Authorization": "Bearer secret"}


class KeyedServer(Server):
    """With keys, which SIGHUP has it read again."""

    def __init__(self, binary, model, keys, env):
        keys.write_text("secret\n")
        options = ("--served-model-name", "model", "--cache-size", "0", "--api-key-file", keys)
        super().__init__(binary, model, *options, env=env)

    def post(self, path, value, headers=None, **kwargs):
        return super().post(path, value, KEY, **kwargs)


class Clients:
    """Threads that ask, from load() until rest()."""

    def __init__(self, server, expected, rng):
        self.server = server
        self.expected = expected
        self.wrong = []
        self.n_answers = {}
        self._lock = threading.Lock()
        self._draws = [random.Random(rng.random()) for _ in range(N_CLIENTS)]

    def _note(self, answer, problem=None):
        with self._lock:
            self.n_answers[answer] = self.n_answers.get(answer, 0) + 1
            if problem:
                self.wrong.append(problem)

    def _go_away(self, path):
        with self.server.connect() as connection:
            connection.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n{" % path.encode())
        self._note("gone")

    def _ask(self, name):
        path, body = REQUESTS[name]
        reply = ask(self.server, path, body)
        answer = reply.status if reply else "closed"
        if answer == self.expected[name][0]:
            self._note(answer, None if is_right(reply, self.expected[name]) else f"{name}: {reply}")
        else:
            self._note(answer, None if answer in (500, 503, "closed") else f"{name}: {reply}")

    def _act(self, draw):
        name = draw.choice(list(REQUESTS))
        kind = draw.random()
        try:
            if kind < 0.1:
                reply = ask(self.server, REQUESTS[name][0], {"input": 7})
                self._note("refused" if reply else "closed", None if not reply or reply.status != 200 else f"{name}: {reply}")
            elif kind < 0.2:
                self._go_away(REQUESTS[name][0])
            else:
                self._ask(name)
        except TimeoutError as problem:
            self._note("late", f"{name}: {problem!r}")
        except OSError:
            self._note("closed")

    @contextlib.contextmanager
    def at_work(self):
        resting = threading.Event()

        def run(draw):
            while not resting.is_set():
                self._act(draw)

        threads = [threading.Thread(target=run, args=(draw,)) for draw in self._draws]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            resting.set()
            for thread in threads:
                thread.join()


def list_descriptors(server):
    names = []
    for entry in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            names.append(os.readlink(entry))
    return sorted(names)


def wait_for_rest(server, n_idle):
    deadline = time.monotonic() + 90
    while len(found := list_descriptors(server)) > n_idle:
        assert time.monotonic() < deadline, f"descriptors: {n_idle} before, now {found}"
        time.sleep(0.1)


def read_kilobytes(server, name):
    """RssAnon is what is the server's own; the rest of VmRSS is files, whose pages the system takes and gives as it likes."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f"{name}:"))


@pytest.fixture
def calls(binary, tmp_path):
    calls = Calls(binary, tmp_path)
    if not calls.are_built():
        pytest.skip("the library that has calls fail was not built")
    return calls


@pytest.fixture
def server(request, binary, calls, tmp_path):
    if IS_LONG:
        model = request.getfixturevalue("model")
    else:
        model = tmp_path / "model"
        make_random_model.make([str(model), "--prompt", "query=q: "])
    server = KeyedServer(binary, model, tmp_path / "keys", calls.environment()).wait_ready()
    yield server
    if server.process.poll() is None:
        server.process.kill()


def test_memory_and_descriptors_stay_as_they_are(server, calls, rng):
    expected = {name: content(ask(server, *request)) for name, request in REQUESTS.items()}
    time.sleep(1)
    n_idle = len(list_descriptors(server))
    clients = Clients(server, expected, rng)
    kilobytes, n_failed = [], 0
    for _ in range(N_LOADS):
        for kind, n in ONE_IN.items():
            calls.fail_one_in(n, kind)
        with clients.at_work():
            for _ in range(4):
                time.sleep(SECONDS / N_LOADS / 4)
                server.signal(signal.SIGHUP)
        n_failed += sum(calls.stop_failing(kind) for kind in ONE_IN)
        assert server.process.poll() is None, server.log_text()[-3000:]
        wait_for_rest(server, n_idle)
        kilobytes.append(read_kilobytes(server, "RssAnon"))
    half = N_WARMING + (N_LOADS - N_WARMING) // 2
    growth = statistics.median(kilobytes[half:]) - statistics.median(kilobytes[N_WARMING:half])
    resident = read_kilobytes(server, "VmRSS")
    print(f"{sum(clients.n_answers.values())} requests: {clients.n_answers}; {n_failed} calls failed")
    print(f"at rest: {n_idle} descriptors, own memory {kilobytes} KiB, a drift of {growth / resident:+.2%} of {resident} KiB")
    assert not clients.wrong, "\n".join(map(str, clients.wrong[:20]))
    assert growth < max(0.01 * resident, 0 if IS_LONG else MIN_KEPT_KIB)
    for name, request in REQUESTS.items():
        assert content(ask(server, *request)) == expected[name]
    server.stop()
