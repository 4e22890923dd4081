# SPDX-License-Identifier: Apache-2.0
"""Clients that keep their connections, as the official ones do, and compare every byte of every 200 with what a single server
answered to the same body."""

import collections
import http.client
import json
import random
import string
import threading
import time

from balancer import PORT

SIZES = {"1 kB": (1, 900), "64 kB": (8, 8000), "900 kB": (32, 28000)}  # texts, bytes of each
SHARE = {"1 kB": 12, "64 kB": 6, "900 kB": 2}
TIMEOUT_S = 60
HEADERS = {"Content-Type": "application/json"}


def make_text(rng, n_bytes):
    words = []
    while sum(map(len, words)) + len(words) < n_bytes:
        words += ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 9))) for _ in range(50)]
    return " ".join(words)[:n_bytes]


def make_bodies(rng, n_each=4):
    """Of each size so many, in a list by size."""
    made = {}
    for size, (n_texts, n_bytes) in SIZES.items():
        made[size] = [
            json.dumps({"input": [make_text(rng, n_bytes) for _ in range(n_texts)], "encoding_format": "base64"}).encode()
            for _ in range(n_each)
        ]
    return made


def ask(connection, body):
    connection.request("POST", "/v1/embeddings", body, HEADERS)
    reply = connection.getresponse()
    return reply.status, reply.headers, reply.read()


def ask_single(address, bodies):
    """{body: the reply's bytes} of one server by itself."""
    connection = http.client.HTTPConnection(address, PORT, timeout=TIMEOUT_S)
    expected = {}
    for body in [body for sized in bodies.values() for body in sized]:
        status, _, reply = ask(connection, body)
        assert status == 200, reply
        expected[body] = reply
    connection.close()
    return expected


class Tally:
    """What came back. Refused is 429 or 503 with a Retry-After of whole seconds."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answered = collections.Counter()  # by size
        self.refused = 0
        self.reconnected = 0
        self.bad = []  # sentences
        self.slowest_s = 0

    def add(self, size, seconds, status, headers, is_same, reply):
        with self.lock:
            self.slowest_s = max(self.slowest_s, seconds)
            if status == 200 and is_same:
                self.answered[size] += 1
            elif status in (429, 503) and headers.get("Retry-After", "").isdigit():
                self.refused += 1
            else:
                what = "200 with other bytes" if status == 200 else f"{status} {reply[:200]!r}"
                self.bad.append(f"{size}: {what} after {seconds:.2f} s")

    def add_broken(self, size, seconds, error):
        with self.lock:
            self.bad.append(f"{size}: {error!r} after {seconds:.2f} s")

    def add_reconnected(self):
        with self.lock:
            self.reconnected += 1

    def counts(self):
        with self.lock:
            return sum(self.answered.values()), self.refused, self.reconnected, len(self.bad)


class Load:
    """`n` clients until stop(); between two requests each waits up to pause_s."""

    def __init__(self, address, bodies, expected, n, pause_s, seed):
        self.address = address
        self.bodies = bodies
        self.expected = expected
        self.pause_s = pause_s
        self.tally = Tally()
        self.stopping = threading.Event()
        self.asked_since = {}  # by client, while it waits for an answer
        self.threads = [
            threading.Thread(target=self._run, args=(i, random.Random(f"{seed} {i}")), daemon=True) for i in range(n)
        ]
        for thread in self.threads:
            thread.start()

    def _run(self, i, rng):
        connection = self._connect()
        is_used = False
        while not self.stopping.is_set():
            size = rng.choices(list(SHARE), SHARE.values())[0]
            body = rng.choice(self.bodies[size])
            began = self.asked_since[i] = time.monotonic()
            try:
                try:
                    status, headers, reply = ask(connection, body)
                except (http.client.RemoteDisconnected, ConnectionError):
                    if not is_used:
                        raise
                    # A kept connection may be closed at any time: clients try once more on a new one.
                    self.tally.add_reconnected()
                    connection = self._connect(connection)
                    status, headers, reply = ask(connection, body)
            except (OSError, http.client.HTTPException) as error:
                self.tally.add_broken(size, time.monotonic() - began, error)
                connection = self._connect(connection)
                is_used = False
                self.asked_since.pop(i, None)
                continue
            del self.asked_since[i]
            is_used = connection.sock is not None
            self.tally.add(size, time.monotonic() - began, status, headers, reply == self.expected[body], reply)
            self.stopping.wait(rng.uniform(0, self.pause_s) if status == 200 else rng.uniform(0.2, 0.6))
        connection.close()

    def _connect(self, old=None):
        if old:
            old.close()
        return http.client.HTTPConnection(self.address, PORT, timeout=TIMEOUT_S)

    def wait_answered(self):
        """Until all that was asked before now has been answered, so that each request meets one event."""
        now = time.monotonic()
        while min(list(self.asked_since.values()), default=now) < now:
            assert time.monotonic() < now + TIMEOUT_S + 10, "a request was never answered"
            time.sleep(0.02)

    def stop(self):
        """Each client gets its last answer."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(TIMEOUT_S + 10)
            assert not thread.is_alive(), "a request was never answered"
