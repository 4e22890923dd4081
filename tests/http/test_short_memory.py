# SPDX-License-Identifier: Apache-2.0
"""Allocations that fail. tests/torture/allocations.c, preloaded into the server, has the n-th of them fail, for every n of a
request: the client is answered, with what is right or 500, or its connection closes; the next request is served."""

import http.client
import json
import mmap
import os
import pathlib
import struct
import time

import pytest
import tiny_models
from harness import Server, native_dtypes, run_to_end

make_random_model = pytest.importorskip("make_random_model")

pytestmark = pytest.mark.slow  # the sanitizers have a malloc of their own, in which nothing fails

TEXTS = ["what a hat", "a cat sat on the mat"]
IDS = [[7, 8, 9, 10], [11, 12]]
REQUESTS = {
    "embeddings": ("/v1/embeddings", {"input": TEXTS}),
    "embeddings of ids": ("/v1/embeddings", {"input": IDS, "dimensions": 8}),
    "embeddings as base64": ("/v1/embeddings", {"input": TEXTS, "encoding_format": "base64"}),
    "embeddings as int8": ("/v1/embeddings", {"input": TEXTS, "output_dtype": "int8"}),
    "embeddings as bits in base64": (
        "/v1/embeddings",
        {"input": TEXTS, "output_dtype": "ubinary", "encoding_format": "base64"},
    ),
    "embeddings of cut texts": ("/v1/embeddings", {"input": ["a cat " * 30, "a hat"]}),
    "embeddings with a refusal": ("/v1/embeddings", {"input": TEXTS, "dimensions": 0}),
    "similarity": ("/v1/similarity", {"input": TEXTS, "compare_with": ["a dog"]}),
    "Cohere's embed": (
        "/v2/embed",
        {
            "model": "model",
            "texts": TEXTS,
            "input_type": "search_query",
            "embedding_types": ["float", "int8"],
        },
    ),
    "Cohere's embed, version 1": ("/v1/embed", {"texts": TEXTS}),
    "Ollama's embed": ("/api/embed", {"input": TEXTS}),
    "Ollama's embeddings": ("/api/embeddings", {"prompt": TEXTS[0]}),
    "Ollama's show": ("/api/show", {"model": "model"}),
    "llama.cpp's embedding": ("/embedding", {"content": TEXTS}),
    "TEI's similarity": (
        "/similarity",
        {"inputs": {"source_sentence": "a dog", "sentences": TEXTS}},
    ),
    "TEI's embed": ("/embed", {"inputs": TEXTS}),
    "TEI's vertex": ("/vertex", {"instances": [{"type": "embed", "inputs": text} for text in TEXTS]}),
    "TEI's embed_all": ("/embed_all", {"inputs": TEXTS}),
    "TEI's tokenize": ("/tokenize", {"inputs": TEXTS}),
    "TEI's decode": ("/decode", {"ids": IDS}),
}


PAIRS = [["cat", text] for text in TEXTS]
OF_RANKERS = {
    "TEI's rerank": ("/rerank", {"query": "cat", "texts": TEXTS, "return_text": True}),
    "TEI's predict": ("/predict", {"inputs": PAIRS}),
    "Jina's rerank": ("/v1/rerank", {"query": "cat", "documents": TEXTS, "return_documents": True}),
    "Cohere's rerank": ("/v2/rerank", {"query": "cat", "documents": TEXTS, "top_n": 1}),
    "vLLM's score": ("/v1/score", {"text_1": "cat", "text_2": TEXTS}),
    "vLLM's classify": ("/v1/classify", {"input": TEXTS}),
}


class Allocations:
    """struct allocations of tests/torture/allocations.h, in a file that the server maps."""

    COUNT, LEFT, FAILED, ALL_ON = range(4)

    def __init__(self, path):
        path.write_bytes(bytes(32))
        with open(path, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), 32)

    def _set(self, field, value):
        self._page[8 * field : 8 * field + 8] = struct.pack("<q", value)

    def _get(self, field):
        return struct.unpack("<q", self._page[8 * field : 8 * field + 8])[0]

    def fail_at(self, n, all_on=False):
        self._set(self.FAILED, 0)
        self._set(self.ALL_ON, all_on)
        self._set(self.LEFT, n)

    def count(self):
        return self._get(self.COUNT)

    def stop_failing(self):
        """How many have failed."""
        self._set(self.LEFT, 0)
        self._set(self.ALL_ON, 0)
        return self._get(self.FAILED)


@pytest.fixture(scope="module")
def library(binary):
    path = pathlib.Path(
        os.environ.get(
            "ALLOCATIONS_LIBRARY",
            pathlib.Path(binary).parent.parent / "tests" / "torture" / "liballocations.so",
        )
    )
    if not path.exists():
        pytest.skip(f"{path} was not built")
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short") / "model"
    make_random_model.make([str(folder), "--prompt", "query=q: "])
    return folder


@pytest.fixture(scope="module")
def ranker(shared_data, tmp_path_factory):
    return tiny_models.make(shared_data, "rank-bert", tmp_path_factory.mktemp("ranker"))


@pytest.fixture
def failing(binary, library, model, tmp_path):
    """Starts a server, and gives it with its Allocations; at the end it must have stayed alive."""
    started = []

    def start(*options, model=model):
        allocations = Allocations(tmp_path / "allocations")
        env = {"LD_PRELOAD": str(library), "ALLOCATIONS_FILE": str(tmp_path / "allocations")}
        started.append(Server(binary, model, "--cache-size", "0", *options, env=env))
        return started[-1].wait_ready(), allocations

    yield start
    for server in started:
        server.stop()


def ask(server, path, body):
    """The reply, or None where the connection closes before its end."""
    try:
        return server.post(path, body, timeout=20)
    except (ConnectionError, http.client.HTTPException):
        return None


def content(reply):
    """What does not differ from one reply to the next."""
    value = json.loads(reply.body)
    if isinstance(value, dict):
        value.pop("id", None)
        for name in ("created", "total_duration"):
            value.pop(name, None)
    names = ("Content-Type", "x-truncated-inputs")
    return reply.status, value, [reply.headers[name] for name in names]


def is_right(reply, expected):
    """A refusal may lack its words: respond.h says so."""
    return content(reply) == expected if reply.body or reply.status == 200 else True


def try_every_n(server, allocations, path, body, all_on, step):
    """What n gave which answer."""
    assert content(ask(server, path, body)) == content(ask(server, path, body))
    expected = content(ask(server, path, body))
    found = {}
    n, n_without = 1, 0
    while n_without < 3:
        allocations.fail_at(n, all_on)
        reply = ask(server, path, body)
        n_without = 0 if allocations.stop_failing() else n_without + 1
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
    server, allocations = failing()
    found = try_every_n(server, allocations, *REQUESTS[request_name], all_on=False, step=1)
    print(request_name, {answer: len(numbers) for answer, numbers in found.items()})
    assert found.get(500) and found.get("closed")


@pytest.mark.parametrize("request_name", REQUESTS)
def test_memory_may_end_in_the_midst_of_a_request(failing, request_name):
    """From one allocation on, all fail, until the client has its answer."""
    server, allocations = failing()
    try_every_n(server, allocations, *REQUESTS[request_name], all_on=True, step=3)


@pytest.mark.parametrize("request_name", OF_RANKERS)
def test_every_allocation_of_a_ranker_may_fail(failing, ranker, request_name):
    server, allocations = failing(model=ranker)
    found = try_every_n(server, allocations, *OF_RANKERS[request_name], all_on=False, step=1)
    assert found.get(500) and found.get("closed")


@pytest.mark.parametrize("dtype", native_dtypes())
def test_every_allocation_may_fail_with_each_dtype(failing, dtype):
    server, allocations = failing("--dtype", dtype)
    try_every_n(server, allocations, *REQUESTS["embeddings"], all_on=False, step=1)


# ---- start-up ----


def start_or_fail(server, on_ready=lambda: None):
    """Whether it came up, and then serves and stops. If not, it says why and exits with 1."""
    while server.process.poll() is None:
        try:
            if server.port and server.get("/readyz").status == 200:
                break
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.002)
    if server.process.poll() is None:
        on_ready()
        assert len(server.embed(input=TEXTS)["data"]) == len(TEXTS)
        server.stop()
        return True
    status = server.wait()
    assert server.log_text().strip(), f"exit status {status} and no word on standard error"
    # 2 is of the command line: that is read first of all, before there is a log.
    assert status == 1 or (status == 2 and "out of memory" in server.log_text()), (
        f"exit status {status}:\n{server.log_text()}"
    )
    return False


@pytest.mark.parametrize("dtype", ["float32", *native_dtypes()])
def test_start_needs_memory_or_says_so(binary, library, model, tmp_path, rng, dtype):
    """The n-th allocation of the start fails, for n that differ from run to run."""
    path = tmp_path / "allocations"
    env = {"LD_PRELOAD": str(library), "ALLOCATIONS_FILE": str(path)}

    def start(n):
        allocations = Allocations(path)
        allocations.fail_at(n)
        # What the first request allocates is no more of the start: it may answer 500 for want of it.
        return allocations, start_or_fail(
            Server(binary, model, "--dtype", dtype, "--cache-size", "0", env=env),
            allocations.stop_failing,
        )

    allocations, came_up = start(0)
    n_allocations = allocations.count()
    assert came_up and n_allocations > 1000
    for n in [*range(1, 20), *(rng.randrange(20, n_allocations) for _ in range(60))]:
        print(f"n = {n}")
        start(n)


def limited(binary, folder, limit):
    """The program, under a limit of the shell's."""
    script = folder / "limited"
    script.write_text(f'#!/bin/sh\nulimit {limit} || exit 77\nexec "{binary}" "$@"\n')
    script.chmod(0o755)
    return script


def test_start_without_address_space_says_so(binary, model, tmp_path):
    """Now mmap and the threads' stacks fail too."""
    came_up = []
    for megabytes in range(100, 1300, 75):
        script = limited(binary, tmp_path, f"-v {megabytes * 1024}")
        if run_to_end(script, "--help").returncode == 0:
            came_up.append(start_or_fail(Server(script, model)))
    assert False in came_up and came_up[-1]


def test_without_descriptors_connections_wait(binary, model, tmp_path):
    server = Server(limited(binary, tmp_path, "-n 24"), model).wait_ready()
    idle = [server.connect() for _ in range(40)]
    deadline = time.monotonic() + 20
    while "warning" not in server.log_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "warning" in server.log_text(), "no word of it in the log"
    for connection in idle:
        connection.close()
    assert len(server.embed(input=TEXTS)["data"]) == len(TEXTS)
    server.stop()
