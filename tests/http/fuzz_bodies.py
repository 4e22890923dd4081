#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random and mutated request bodies against a running server, best one built with sanitizers.

    fuzz_bodies.py --binary NESTD --model FOLDER [--bodies 20000] [--seed N] [--connections 4]

Every answer must be JSON with a documented status, and the server must be there at the end, stop
with 0 and report nothing."""

import argparse
import http.client
import json
import random
import sys
import threading

from harness import Server

EMBEDDINGS = [
    {"input": "hello", "model": None, "encoding_format": "base64", "dimensions": 8, "user": "u"},
    {"input": ["one", "two"], "encoding_format": "float", "truncate": "START", "normalize": False},
    {"input": [7, 8, 9], "truncate": False, "prompt_name": None},
    {"input": [[7], [8, 9]], "truncate": True, "dimensions": 1, "output_dtype": "ubinary"},
    {"input": "one two three four", "truncate_prompt_tokens": 4, "truncation_side": "left"},
]
SIMILARITY = [
    {"input": ["a", "b"], "compare_with": ["c"], "similarity": "dot", "truncate": "END"},
    {"input": "a", "similarity": "euclidean", "prompt_name": None, "dimensions": 4},
]
COHERE = [
    {"texts": ["a", "b"], "model": None, "input_type": "search_query", "embedding_types": ["int8"]},
    {"inputs": [{"content": [{"type": "text", "text": "c"}]}], "output_dimension": 8},
    {"texts": ["a b c d e"], "max_tokens": 4, "truncate": "END", "embedding_types": None},
    {"texts": ["d"], "embedding_types": ["float", "base64", "uint8", "binary", "ubinary"]},
]
PAIRS = {"source_sentence": "a", "sentences": ["b", "c"]}
OTHER_KEYS = ["content", "type", "text", "images", ""]
TEI_SIMILARITY = [{"inputs": PAIRS, "parameters": {"truncate": True, "dimensions": 8}}]
TOKENIZE = [{"inputs": ["a b", "c"], "add_special_tokens": False, "prompt_name": None}]
EMBED_ALL = [
    {"inputs": ["a b", "c"], "truncate": True, "truncation_direction": "Left", "prompt_name": None},
    {"inputs": [[7], [8, 9]]},
    {"inputs": "hello", "truncate": False},
]
EMBED = [
    *EMBED_ALL,
    {"inputs": ["a", [7, 8]], "normalize": False, "dimensions": 8, "truncation_direction": "right"},
]
DECODE = [{"ids": [[101, 7592, 102], [7]], "skip_special_tokens": False}, {"ids": [7, 8]}]
ROUTES = {
    "/v1/embeddings": EMBEDDINGS,
    "/v2/embed": COHERE,
    "/v1/embed": COHERE,
    "/api/embed": [{"input": ["a", "b"], "model": None, "keep_alive": "5m", "dimensions": 8, "truncate": True, "options": {"num_ctx": 4}}],
    "/api/embeddings": [{"prompt": "a b", "model": None}],
    "/api/show": [{"model": "model"}, {"name": "model"}],
    "/embedding": [{"content": ["a", [7, 8]], "embd_normalize": -1}, {"input": "a"}],
    "/v1/similarity": SIMILARITY,
    "/similarity": TEI_SIMILARITY,
    "/tokenize": TOKENIZE,
    "/rerank": [
        {"query": "a", "texts": ["b", "c"], "raw_scores": True, "return_text": True},
        {"query": "a", "documents": "b", "top_n": 0, "truncate_prompt_tokens": 7},
    ],
    "/v1/rerank": [{"query": "a", "documents": ["b", "c"], "top_n": 1}],
    "/v2/rerank": [{"query": "a", "documents": ["b", "c"], "top_n": 1, "max_tokens_per_doc": 9}],
    "/predict": [{"inputs": [["a", "b"], ["c"]], "truncate": True}, {"inputs": "a"}],
    "/v1/score": [{"text_1": "a", "text_2": ["b", "c"]}, {"queries": "a", "items": "b", "max_tokens_per_query": 0}],
    "/v1/classify": [{"input": ["a", "b"]}],
    "/embed": EMBED,
    "/embed_all": EMBED_ALL,
    "/embed_sparse": EMBED_ALL,
    "/vertex": [{"instances": [{"type": "embed", "inputs": "a"}, {"type": "embed", "inputs": "b", "truncate": True}]}],
    "/decode": DECODE,
}
STATUSES = {200, 400, 404, 413, 422, 424, 429}
KEYS = sorted(
    {key for bodies in ROUTES.values() for body in bodies for key in body} | {*PAIRS, *OTHER_KEYS}
)
# fmt: off
SCALARS = [
    None, True, False, 0, -1, 1, 2**31, 2**32, 2**63 - 1, -(2**63), 2**64, 10**30, 0.5, -0.0, 1e308,
    5e-324, "", "NONE", "float", "\0", "\ud800", "\udc00\ud800", "\U0010ffff", "\ufeff",
    "text", "image_url", "e\u0301" * 50, "\u200b", "[CLS]", "東京", "word " * 700, "x" * 5000,
]
FRAGMENTS = [
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u", b"\\ud800", b"\\u0000", b"\0", b"\xff",
    b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"1e999", b"-", b"NaN",
    b"null", b"true", b"[" * 3000, b'{"a":' * 500, b"//", b" " * 300,
]
# fmt: on


def random_value(rng, depth=0):
    kind = rng.randrange(8)
    if kind == 0 and depth < 4:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(5))]
    if kind == 1 and depth < 4:
        return {rng.choice(KEYS): random_value(rng, depth + 1) for _ in range(rng.randrange(4))}
    if kind == 2:
        return "".join(
            chr(rng.choice([rng.randrange(32, 127), rng.randrange(0x110000)]))
            for _ in range(rng.randrange(20))
        )
    if kind == 3:
        return rng.randrange(-(2 ** rng.randrange(1, 70)), 2 ** rng.randrange(1, 70))
    return rng.choice(SCALARS)


def mutate_tree(rng, value):
    """Changes one node somewhere in the tree."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        key = rng.choice(list(value))
        change = rng.randrange(6)
        if change == 0:
            return {name: item for name, item in value.items() if name != key}
        if change == 1:
            return {**value, rng.choice(KEYS): random_value(rng)}
        return {**value, key: mutate_tree(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.7:
        i = rng.randrange(len(value))
        change = rng.randrange(4)
        if change == 0:
            return value * rng.randrange(2, 40)
        if change == 1:
            return value[:i] + [random_value(rng)] + value[i:]
        return value[:i] + [mutate_tree(rng, value[i])] + value[i + 1 :]
    return random_value(rng)


def mutate_bytes(rng, body):
    body = bytearray(body)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        at = rng.randrange(len(body) + 1)
        change = rng.randrange(5)
        if change == 0:
            body[at:at] = rng.choice(FRAGMENTS)
        elif change == 1 and body:
            body[at % len(body)] = rng.randrange(256)
        elif change == 2:
            del body[at : at + rng.randrange(1, 9)]
        elif change == 3:
            del body[at:]
        else:
            end = rng.randrange(len(body) + 1)
            body[at:at] = body[min(at, end) : max(at, end)]
    return bytes(body)


def make_request(rng):
    path = rng.choice(list(ROUTES))
    value = rng.choice(ROUTES[rng.choice([path, path, path, rng.choice(list(ROUTES))])])
    kind = rng.random()
    if kind < 0.02:
        return path, rng.randbytes(rng.randrange(200))
    for _ in range(rng.choice([0, 1, 1, 2, 4])):
        value = mutate_tree(rng, value)
    body = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    return path, mutate_bytes(rng, body) if kind < 0.5 else body


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def check(status, body):
    """What is wrong with an answer, or None."""
    if status not in STATUSES:
        return f"status {status}"
    try:
        value = json.loads(body, parse_constant=refuse_constant)
    except ValueError:
        return "the answer is not JSON"
    if status == 200:
        return None
    error = value.get("error") if isinstance(value, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return None if isinstance(message, str) and message else "no message"


def send_bodies(server, seed, n, problems, seen):
    rng = random.Random(seed)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for _ in range(n):
        path, body = make_request(rng)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            problem = check(response.status, response.read())
            seen[response.status] = seen.get(response.status, 0) + 1
        except (OSError, http.client.HTTPException) as lost:
            problem = f"the connection was lost: {lost!r}"
            connection.close()
        if problem:
            problems.append(f"{problem}: POST {path} {body!r}")
            if server.process.poll() is not None or len(problems) > 20:
                return
    connection.close()


def fuzz(server, n_bodies, seed, n_connections=4):
    """Sends n_bodies to a server that is ready. Returns what was wrong, and how often each status
    was seen."""
    problems, seen = [], [{} for _ in range(n_connections)]
    threads = [
        threading.Thread(
            target=send_bodies,
            args=(server, f"{seed}-{i}", n_bodies // n_connections, problems, seen[i]),
        )
        for i in range(n_connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if server.process.poll() is not None:
        problems.append(f"the server ended with {server.process.returncode}:\n{server.log_text()}")
    return problems, {
        status: sum(row.get(status, 0) for row in seen) for status in sorted(STATUSES.union(*seen))
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--bodies", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--connections", type=int, default=4)
    arguments = parser.parse_args()
    server = Server(arguments.binary, arguments.model).wait_ready()
    problems, seen = fuzz(server, arguments.bodies, arguments.seed, arguments.connections)
    print(
        "\n".join(problems) or "no problem",
        f"seed {arguments.seed}, answers by status: {seen}",
        sep="\n",
    )
    server.stop()
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
