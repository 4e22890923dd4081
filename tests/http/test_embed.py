# SPDX-License-Identifier: Apache-2.0
"""POST /embed in TEI's shape: the vectors of /v1/embeddings, and nothing beside them."""

import json
import re

import numpy as np
import pytest

CLS, SEP = 101, 102
TEXTS = ["a cat", "Deep learning is one branch of machine learning.", "word " * 300]


def embed(server, inputs, **fields):
    reply = server.post("/embed", {"inputs": inputs, **fields})
    assert reply.status == 200, reply
    return reply.json()


def vectors(server, texts, **fields):
    return [item["embedding"] for item in server.embed(input=texts, **fields)["data"]]


def test_rows_are_the_vectors_of_the_other_route(server):
    reply = server.post("/embed", {"inputs": TEXTS})
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json() == vectors(server, TEXTS)
    assert reply.headers["x-truncated-inputs"] == "2"
    assert reply.headers["Server-Timing"].startswith("tokenize;dur=")


def milliseconds(reply):
    names = ("compute", "total", "tokenization", "queue", "inference")
    return {name: int(reply.headers[f"x-{name}-time"]) for name in names}


def test_headers_are_those_of_tei(server):
    """Whole milliseconds, as TEI writes them, beside our finer Server-Timing."""
    texts = ["a cät", "Deep learning \U0001f600"]
    reply = server.post("/embed", {"inputs": texts})
    assert reply.headers["x-compute-type"] == "cpu+optimized"
    assert int(reply.headers["x-compute-characters"]) == sum(map(len, texts))
    n_tokens = sum(map(len, server.post("/tokenize", {"inputs": texts}).json()))
    assert int(reply.headers["x-compute-tokens"]) == n_tokens
    stages = dict(re.findall(r"(\w+);dur=([0-9.]+)", reply.headers["Server-Timing"]))
    found = milliseconds(reply)
    assert found["inference"] == int(float(stages["encode"]))
    assert found["queue"] == int(float(stages["queue"]))
    assert found["tokenization"] == int(float(stages["tokenize"]))
    assert found["compute"] == found["total"] >= found["inference"]


@pytest.mark.parametrize(
    "path, body",
    [
        ("/embed_all", {"inputs": "a cat"}),
        ("/similarity", {"inputs": {"source_sentence": "a", "sentences": ["a cat"]}}),
        ("/tokenize", {"inputs": "a cat"}),
        ("/decode", {"ids": [7]}),
    ],
)
def test_every_result_of_teis_routes_bears_its_headers(server, path, body):
    reply = server.post(path, body)
    assert reply.status == 200 and set(milliseconds(reply)), reply
    assert int(reply.headers["x-compute-tokens"]) > 0


def test_other_routes_and_refusals_bear_no_headers_of_tei(server):
    for reply in (server.post("/v1/embeddings", {"input": "a"}), server.post("/embed", {})):
        assert not [name for name in reply.headers if name.lower().startswith("x-compute")]


def test_one_text_is_a_list_of_one(server):
    reply = server.post("/embed", {"inputs": "a cat"})
    assert reply.json() == vectors(server, ["a cat"])
    assert "x-truncated-inputs" not in reply.headers


def test_what_tokenize_gives_may_be_sent_back(server):
    tokens = server.post("/tokenize", {"inputs": TEXTS[:2]}).json()
    ids = [[token["id"] for token in some] for some in tokens]
    expected = vectors(server, TEXTS[:2])
    assert ids[0] == [CLS, 1037, 4937, SEP]
    assert embed(server, ids) == expected
    assert embed(server, ids[0]) == expected[:1]
    assert embed(server, [ids[0], TEXTS[1]]) == expected
    assert embed(server, ids[0][1:-1]) == expected[:1]
    assert embed(server, [ids[0][1:-1], ids[1], TEXTS[0]]) == [*expected, expected[0]]


@pytest.mark.parametrize("dims", [384, 64, 1])
def test_dimensions(server, dims):
    assert embed(server, TEXTS, dimensions=dims) == vectors(server, TEXTS, dimensions=dims)


def test_normalize(server, servers, model_variant):
    """True is TEI's default, whatever the model's modules say."""
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling")])
    ]
    without = servers(model_variant({"modules.json": json.dumps(modules)}))
    raw = vectors(without, TEXTS)
    unit = vectors(server, TEXTS)
    assert raw != unit
    for one in (server, without):
        assert embed(one, TEXTS) == embed(one, TEXTS, normalize=True) == unit
        assert embed(one, TEXTS, normalize=False) == raw
    assert np.linalg.norm(embed(without, TEXTS, dimensions=64), axis=1) == pytest.approx(1)


def test_prompt_name(servers, model_variant):
    prompts = json.dumps({"prompts": {"query": "query: "}})
    server = servers(model_variant({"config_sentence_transformers.json": prompts}))
    assert embed(server, "a cat", prompt_name="query") == vectors(server, ["query: a cat"])


def test_beginning_or_end_is_cut(server):
    text = "first " + "word " * 300 + "last"
    start, end = ("first " + "word " * 253).strip(), ("word " * 253 + "last").strip()
    assert embed(server, text, truncate=True) == vectors(server, [start])
    assert embed(server, text, truncation_direction="Right") == vectors(server, [start])
    for left in ("Left", "left"):
        assert embed(server, text, truncation_direction=left) == vectors(server, [end])


def test_shares_the_cache_and_is_counted(start, model):
    server = start(model).wait_ready()
    server.embed(input="a cat")
    embed(server, ["a cat", "a dog", "a dog"])
    assert server.metric('nestd_requests_total{route="/embed",status="200"}') == 1
    assert server.metric("nestd_texts_total") == 4
    assert server.metric("nestd_cache_hits_total") >= 1
    server.stop()
    (line,) = [line for line in server.log if "route=/embed " in line]
    assert "status=200 texts=3 tokens=12 truncated=0" in line


# /vertex


def instances(*texts, **options):
    return {"instances": [{"type": "embed", "inputs": text, **options} for text in texts]}


def test_vertex_predicts_what_embed_replies(server):
    texts = ["a cat", "ça va ?", "a cat " * 300]
    for options in ({}, {"dimensions": 64}, {"normalize": False, "truncation_direction": "Left"}):
        reply = server.post("/vertex", instances(*texts, **options))
        expected = server.post("/embed", {"inputs": texts, **options})
        assert reply.json() == {"predictions": [[vector] for vector in expected.json()]}
        assert reply.headers["x-truncated-inputs"] == "2"
        assert reply.headers["x-compute-tokens"] == expected.headers["x-compute-tokens"]


@pytest.mark.parametrize(
    "body, status, words",
    [
        ({}, 422, "'instances' is missing"),
        ({"instances": []}, 400, "empty list"),
        ({"instances": {}}, 422, "'instances' must be a list"),
        ({"instances": ["a"]}, 422, "instances[0]"),
        ({"instances": [{"inputs": "a"}]}, 422, "must be one of: embed"),
        ({"instances": [{"type": "rerank", "inputs": "a"}]}, 422, "'instances[0].type' is 'rerank'"),
        ({"instances": [{"type": "embed"}]}, 422, "'instances[0].inputs' must be a text, but is missing"),
        ({"instances": [{"type": "embed", "inputs": ["a"]}]}, 422, "is a list"),
        (instances("a", ""), 400, "'instances[1].inputs' is an empty text"),
        (instances("a", dimensions=999), 422, "'instances[0].dimensions' is 999"),
        (instances("a", prompt_name="nobody's"), 422, "instances[0].prompt_name"),
        ({"instances": [*instances("a")["instances"], *instances("b", dimensions=8)["instances"]]}, 422, "other options"),
    ],
    ids=str,
)
def test_vertex_refuses(server, body, status, words):
    reply = server.post("/vertex", body)
    assert reply.status == status and words in reply.json()["error"], reply
