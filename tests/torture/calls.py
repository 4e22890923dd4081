# SPDX-License-Identifier: Apache-2.0
"""Calls of the server that fail, by tests/torture/calls.h; requests of every route; and what may come of the one for the other."""

import http.client
import json
import mmap
import os
import pathlib
import struct

KINDS = (
    "allocate",
    "mmap",
    "open",
    "read",
    "write",
    "recv",
    "send",
    "accept",
    "eventfd",
    "thread",
    "epoll",
    "socket",
)  # enum call

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


class Calls:
    """An array of struct calls, in a file that the server maps."""

    FIELDS = COUNT, LEFT, FAILED, ALL_ON, ONE_IN = range(5)

    def __init__(self, binary, folder):
        self._library = os.environ.get(
            "CALLS_LIBRARY",
            pathlib.Path(binary).parent.parent / "tests" / "torture" / "liball_calls.so",
        )
        self._path = folder / "calls"
        self.forget()

    def forget(self):
        """For the next server."""
        len_bytes = 8 * len(self.FIELDS) * len(KINDS)
        self._path.write_bytes(bytes(len_bytes))
        with open(self._path, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), len_bytes)

    def are_built(self):
        return os.path.exists(self._library)

    def environment(self):
        return {"LD_PRELOAD": str(self._library), "CALLS_FILE": str(self._path)}

    def _at(self, kind, field):
        return 8 * (KINDS.index(kind) * len(self.FIELDS) + field)

    def _set(self, kind, field, value):
        struct.pack_into("<q", self._page, self._at(kind, field), value)

    def _get(self, kind, field):
        return struct.unpack_from("<q", self._page, self._at(kind, field))[0]

    def fail_at(self, n, all_on=False, kind="allocate"):
        self._set(kind, self.FAILED, 0)
        self._set(kind, self.ALL_ON, all_on)
        self._set(kind, self.LEFT, n)

    def fail_one_in(self, n, kind):
        self._set(kind, self.FAILED, 0)
        self._set(kind, self.ONE_IN, n)

    def count(self, kind="allocate"):
        return self._get(kind, self.COUNT)

    def stop_failing(self, kind="allocate"):
        """How many have failed."""
        for field in (self.LEFT, self.ALL_ON, self.ONE_IN):
            self._set(kind, field, 0)
        return self._get(kind, self.FAILED)


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


def start_or_fail(server, on_ready=lambda: None):
    """Whether it came up, and then serves and stops. If not, it says why and exits with 1."""
    if server.comes_up():
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
