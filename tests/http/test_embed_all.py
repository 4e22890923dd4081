# SPDX-License-Identifier: Apache-2.0
"""POST /embed_all in TEI's shape: the vector of every token, before pooling."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

make_random_model = pytest.importorskip("make_random_model")
reference = pytest.importorskip("reference")

CLS, SEP = 101, 102
TEXTS = ["a cat", "Deep learning is one branch of machine learning.", "word " * 300]


def embed_all(server, inputs, **fields):
    reply = server.post("/embed_all", {"inputs": inputs, **fields})
    assert reply.status == 200, reply
    return [np.array(rows) for rows in reply.json()]


@pytest.mark.parametrize("hidden", ["16", "33"])
def test_agrees_with_the_reference(start, tmp_path, rng, hidden):
    folder = tmp_path / "model"
    arguments = ["--hidden", hidden, "--heads", "1", "--normalize", "--pooling", "mean,max"]
    make_random_model.make([str(folder), *arguments])
    server = start(folder, "--dtype", "float32").wait_ready()
    inputs = [[2, *(rng.randrange(5, 120) for _ in range(n)), 3] for n in (1, 2, 7, 21, 22)]
    inputs.append([2, 3])  # no token beside them
    for ids, found in zip(inputs, embed_all(server, inputs)):
        expected = reference.Model(folder).tokens(ids)
        assert found.shape == expected.shape == (len(ids), int(hidden))
        assert np.abs(found - expected).max() < 2e-5 * max(1, np.abs(expected).max())


def test_pooled_they_are_the_vector(server):
    vectors = [item["embedding"] for item in server.embed(input=TEXTS)["data"]]
    for rows, vector in zip(embed_all(server, TEXTS), vectors):
        mean = rows.mean(axis=0)
        assert np.abs(mean / np.linalg.norm(mean) - vector).max() < 1e-6


def test_a_row_per_token_of_what_is_left(server):
    reply = server.post("/embed_all", {"inputs": TEXTS})
    assert [len(rows) for rows in reply.json()] == [4, 11, 256]
    assert reply.headers["x-truncated-inputs"] == "2"
    tokens = server.post("/tokenize", {"inputs": TEXTS}).json()
    assert [len(rows) for rows in reply.json()][:2] == [len(some) for some in tokens][:2]


def test_one_text_is_a_list_of_one(server):
    (rows,) = embed_all(server, "a cat")
    assert rows.shape == (4, 384)
    (same,) = embed_all(server, [CLS, 1037, 4937, SEP])
    assert np.array_equal(rows, same)


def test_texts_and_token_ids_may_be_mixed(server):
    (expected,) = embed_all(server, "a cat")
    tokens = server.post("/tokenize", {"inputs": "a cat"}).json()[0]
    found = embed_all(server, [[token["id"] for token in tokens], "a dog", "a cat", [7592]])
    assert np.array_equal(found[0], expected) and np.array_equal(found[2], expected)
    assert [len(rows) for rows in found] == [4, 4, 4, 3]


def test_beginning_or_end_is_cut(server, tokenizer):
    ids = [*tokenizer.encode("first " + "word " * 300 + "last", add_special_tokens=False).ids]
    left, right = [CLS, *ids[-254:], SEP], [CLS, *ids[:254], SEP]
    text = "first " + "word " * 300 + "last"
    (found,) = embed_all(server, text, truncate=True, truncation_direction="Left")
    assert np.array_equal(found, embed_all(server, left)[0])
    (found,) = embed_all(server, text, truncate=True)
    assert np.array_equal(found, embed_all(server, right)[0])


def test_same_text_same_bytes_in_any_company(servers, model):
    """Beside itself, beside others, and while its pooled vector is asked for and kept."""
    server = servers(model, "--threads", "2", "--max-batch-tokens", "64")
    alone = [server.post("/embed_all", {"inputs": text}).body for text in TEXTS]
    vectors = [server.embed(input=text)["data"][0]["embedding"] for text in TEXTS]

    def ask(i):
        if i % 2:
            found = [item["embedding"] for item in server.embed(input=TEXTS * 2)["data"]]
            return found == vectors * 2
        reply = server.post("/embed_all", {"inputs": TEXTS * 2})
        return reply.body == b"[" + b",".join(body[1:-1] for body in alone * 2) + b"]"

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(ask, range(40)))


def test_limit_is_in_bytes_and_told_in_tokens(servers, model):
    server = servers(model, "--token-vectors-limit", "1MiB")
    most = (1 << 20) // (384 * 4)
    ids = [[7592] * 254] * 2  # and two special tokens each
    fits = [*ids, [7592] * (most - 514)]
    assert sum(map(len, embed_all(server, fits))) == most
    refused = server.post("/embed_all", {"inputs": [*ids, [7592] * (most - 513)]})
    assert refused.status == 422
    assert refused.json()["error_type"] == "Validation"
    assert str(most) in refused.json()["error"] and str(most + 1) in refused.json()["error"]
    assert server.post("/v1/embeddings", {"input": [*ids, [7592] * (most - 513)]}).status == 200
