# SPDX-License-Identifier: Apache-2.0
"""Texts to vectors by running servers of nestd, for the workers of Spark and Ray: the standard library alone, so that one file is
all that a cluster needs. spark_embed.py and ray_embed.py are the two who use it.

A request that fails is sent again, here and by the engine. That is harmless: the same text gives the same bytes, whichever replica
answers and whatever else was in the request."""

import base64
import collections
import concurrent.futures
import http.client
import json
import logging
import random
import ssl
import threading
import time
import urllib.parse

FIRST_WAIT_S = 0.5
MAX_WAIT_S = 30  # without a word of the server
MAX_RETRY_AFTER_S = 600  # with one
REST_S = 5  # for a server that does not answer, while others do
MAY_PASS = (408, 429, 500, 502, 503, 504)

log = logging.getLogger("nestd")


class EmbedError(Exception):
    """Says which rows could not be embedded, by whom, and why. Its one argument is its sentence: engines send it on pickled."""


def add_options(parser):
    """The options of both programs."""
    parser.add_argument("--input", required=True, help="Parquet: a file or a folder of files")
    parser.add_argument("--output", required=True, help="folder for the Parquet of ids and vectors; it must not be there yet")
    address = "of a balancer or, given several times, of replicas: http://10.0.0.1:8080"
    parser.add_argument("--url", required=True, action="append", help=address)
    parser.add_argument("--id-column", default="id", help="the id, which is kept as it is [default %(default)s]")
    parser.add_argument("--text-column", default="text", help="[default %(default)s]")
    parser.add_argument("--model", help="served model's name; default: the server's only one")
    parser.add_argument("--dimensions", type=int, help="numbers of a vector; default: all of them")
    parser.add_argument("--prompt-name", help="the model's prompt to put before each text, such as document")
    parser.add_argument("--api-key-file", help="file whose first line is the API key; read here, sent to the workers")
    parser.add_argument("--texts-per-request", type=int, default=64, help="[default %(default)s]")
    parser.add_argument("--requests", type=int, default=4, help="in flight at once, for each worker [default %(default)s]")
    parser.add_argument("--retries", type=int, default=10, help="how often a request is sent again [default %(default)s]")
    parser.add_argument("--timeout", type=float, default=300, help="seconds that a reply may take [default %(default)s]")


def read_settings(options):
    """What an Embedder needs of the parsed options, to be sent to the workers."""
    api_key = None
    if options.api_key_file:
        with open(options.api_key_file, encoding="ascii") as file:
            api_key = file.readline().strip()
    names = ("url", "model", "dimensions", "prompt_name", "texts_per_request", "requests", "retries", "timeout")
    return {"api_key": api_key, **{name: getattr(options, name) for name in names}}


class Endpoint:
    """One server's address."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"--url {url}: expected http://HOST:PORT or https://HOST:PORT")
        root = parts.path.rstrip("/")
        self.url = url
        self.host, self.port = parts.hostname, parts.port
        self.path = root + ("/embeddings" if root.endswith("/v1") else "/v1/embeddings")
        # SSL_CERT_FILE names the certificates to trust.
        self.tls = ssl.create_default_context() if parts.scheme == "https" else None

    def connect(self, timeout):
        if self.tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)


class Embedder:
    """One a worker. embed() may be called by many threads; each keeps a connection to each server."""

    def __init__(self, settings):
        self.settings = settings
        self.endpoints = [Endpoint(url) for url in settings["url"]]
        self.turn = random.randrange(len(self.endpoints))  # workers begin at different ones
        self.rests_until = dict.fromkeys(self.endpoints, 0)  # by the monotonic clock
        self.kept = threading.local()
        self.n_dims = settings["dimensions"]
        fields = {"model": settings["model"], "dimensions": settings["dimensions"], "prompt_name": settings["prompt_name"]}
        self.fields = {"encoding_format": "base64", **{name: value for name, value in fields.items() if value is not None}}
        self.headers = {"Content-Type": "application/json"}
        if settings["api_key"]:
            self.headers["Authorization"] = f"Bearer {settings['api_key']}"

    def embed_all(self, batches):
        """For each (ids, texts) of the iterator, in its order: (ids, the vectors' bytes as embed() gives them). So many requests
        are in flight as the settings say, and no more than twice as many batches are held."""
        n_requests = self.settings["requests"]
        waiting = collections.deque()
        with concurrent.futures.ThreadPoolExecutor(n_requests) as threads:
            try:
                for ids, texts in batches:
                    waiting.append((ids, threads.submit(self.embed, ids, texts)))
                    if len(waiting) >= 2 * n_requests:
                        ids, vectors = waiting.popleft()
                        yield ids, vectors.result()
                while waiting:
                    ids, vectors = waiting.popleft()
                    yield ids, vectors.result()
            finally:  # after a failure nothing more is asked
                for _, vectors in waiting:
                    vectors.cancel()

    def embed(self, ids, texts):
        """The vectors of one request's texts as the bytes of float32, little-endian, one after the other; n_dims numbers each.
        Raises EmbedError."""
        rows = f"{len(ids)} rows from {ids[0]!r} to {ids[-1]!r}"
        for row, text in zip(ids, texts):
            if not isinstance(text, str):
                raise EmbedError(f"row {row!r}: expected a text, found {text!r}")
        body = json.dumps({"input": texts, **self.fields}).encode()
        for n_retries in range(self.settings["retries"] + 1):
            endpoint = self.choose_endpoint()
            status, retry_after, reply = self.ask(endpoint, body)
            if status == 200:
                return self.read_vectors(endpoint, rows, len(texts), reply)
            why = f"{endpoint.url}: {rows}: {read_problem(status, reply)}"
            if status and status not in MAY_PASS:
                raise EmbedError(why)
            if n_retries < self.settings["retries"]:
                self.wait(n_retries, retry_after, why)
        raise EmbedError(f"{why} (tried {self.settings['retries'] + 1} times)")

    def choose_endpoint(self):
        """By turns, so that the try after a failure is at another."""
        now = time.monotonic()
        for _ in self.endpoints:
            self.turn += 1  # it does no harm if two threads count as one
            endpoint = self.endpoints[self.turn % len(self.endpoints)]
            if self.rests_until[endpoint] <= now:
                break
        return endpoint

    def ask(self, endpoint, body):
        """(status, Retry-After, body); status 0 and a sentence where no reply came."""
        connections = vars(self.kept).setdefault("connections", {})
        is_new = endpoint not in connections
        if is_new:
            connections[endpoint] = endpoint.connect(self.settings["timeout"])
        try:
            connections[endpoint].request("POST", endpoint.path, body, self.headers)
            reply = connections[endpoint].getresponse()
            return reply.status, reply.headers.get("Retry-After"), reply.read()
        except (OSError, http.client.HTTPException) as error:
            connections.pop(endpoint).close()
            # A server may close a connection that it keeps at any time: on a new one the request stands a chance at once.
            if not is_new and isinstance(error, ConnectionError):
                return self.ask(endpoint, body)
            self.rests_until[endpoint] = time.monotonic() + REST_S
            return 0, None, f"{type(error).__name__}: {error}"

    def wait(self, n_retries, retry_after, why):
        """Never less than the server asks for, up to MAX_RETRY_AFTER_S; a part by chance, so that those who were refused together do
        not come back together."""
        if retry_after and retry_after.isdigit():
            seconds = min(int(retry_after), MAX_RETRY_AFTER_S) * random.uniform(1, 1.25) + random.uniform(0, FIRST_WAIT_S)
        else:
            seconds = min(FIRST_WAIT_S * 2**n_retries, MAX_WAIT_S) * random.uniform(0.5, 1)
        log.warning("%s; trying again in %.1f s (%d of %d)", why, seconds, n_retries + 1, self.settings["retries"])
        time.sleep(seconds)

    def read_vectors(self, endpoint, rows, n_texts, reply):
        try:
            data = json.loads(reply)["data"]
            if [item["index"] for item in data] != list(range(n_texts)):
                raise ValueError(f"expected {n_texts} vectors in the order of their texts")
            vectors = [base64.b64decode(item["embedding"], validate=True) for item in data]
            n_dims = self.n_dims or len(vectors[0]) // 4
            if any(len(vector) != 4 * n_dims for vector in vectors):
                raise ValueError(f"expected vectors of {n_dims} numbers, found {len(vectors[0]) // 4}")
        except (ValueError, KeyError, TypeError) as error:
            raise EmbedError(f"{endpoint.url}: {rows}: this is no reply of OpenAI's embeddings API: {error}") from error
        self.n_dims = n_dims
        return b"".join(vectors)


def read_problem(status, reply):
    """What an error's body says, in one line."""
    if not status:
        return reply
    try:
        said = json.loads(reply)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        said = reply[:200].decode("utf-8", "replace")
    return f"{status}: {' '.join(said.split())}"


def embed_arrow(settings, batches, id_column, text_column):
    """For Arrow's record batches of ids and texts, in their order, others of ids and vectors (lists of float32)."""
    import pyarrow  # of the engine; all else here does without

    embedder = Embedder(settings)
    id_type = None

    def cut():
        nonlocal id_type
        for batch in batches:
            id_type = batch.schema.field(id_column).type
            for first in range(0, batch.num_rows, settings["texts_per_request"]):
                piece = batch.slice(first, settings["texts_per_request"])
                yield piece.column(id_column).to_pylist(), piece.column(text_column).to_pylist()

    for ids, vectors in embedder.embed_all(cut()):
        n_dims = embedder.n_dims
        numbers = pyarrow.Array.from_buffers(pyarrow.float32(), len(ids) * n_dims, [None, pyarrow.py_buffer(vectors)])
        ends = pyarrow.array(range(0, len(ids) * n_dims + 1, n_dims), pyarrow.int32())
        columns = [pyarrow.array(ids, id_type), pyarrow.ListArray.from_arrays(ends, numbers)]
        yield pyarrow.RecordBatch.from_arrays(columns, [id_column, "embedding"])
