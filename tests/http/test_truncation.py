# SPDX-License-Identifier: Apache-2.0
"""Texts that are too long are cut where they should be, and the client is told (promise 11)."""

import json

import pytest

MOST = 256  # tokens of the default model, special tokens included
WORDS = 300


@pytest.fixture(scope="module")
def words(tokenizer):
    """One-token words, all different, so that each end of a text is a different text."""
    found = (
        word
        for word in tokenizer.get_vocab()
        if word.isascii() and word.isalpha() and len(word) > 3
    )
    return sorted(found)[:WORDS]


def test_short_text_is_not_reported(server):
    reply = server.post("/v1/embeddings", {"input": "short"})
    assert "truncated" not in reply.json() and "x-truncated-inputs" not in reply.headers


def test_text_of_exactly_the_most_tokens_is_whole(server, words):
    reply = server.post("/v1/embeddings", {"input": " ".join(words[: MOST - 2]), "truncate": False})
    assert reply.status == 200, reply
    assert reply.json()["usage"]["prompt_tokens"] == MOST
    assert "truncated" not in reply.json()


@pytest.mark.parametrize("truncate", [None, True, "END"])
def test_the_end_is_cut_as_a_rule(server, words, truncate):
    fields = {} if truncate is None else {"truncate": truncate}
    reply = server.post("/v1/embeddings", {"input": " ".join(words), **fields})
    assert reply.json()["data"] == server.embed(input=" ".join(words[: MOST - 2]))["data"]
    assert reply.json()["truncated"] == [0] and reply.headers["x-truncated-inputs"] == "0"


def test_the_start_is_cut_when_asked(server, words):
    reply = server.post("/v1/embeddings", {"input": " ".join(words), "truncate": "START"})
    assert reply.json()["data"] == server.embed(input=" ".join(words[2 - MOST :]))["data"]
    assert reply.json()["truncated"] == [0]


@pytest.fixture(scope="module", params=["tokenizer_config.json", "tokenizer.json"])
def left(request, servers, model_variant, model):
    """A model whose folder wants the beginning to go."""
    with open(f"{model}/{request.param}", encoding="utf-8") as file:
        value = json.load(file)
    if request.param == "tokenizer.json":
        value["truncation"] = {**(value["truncation"] or {}), "direction": "Left"}
        with open(f"{model}/tokenizer_config.json", encoding="utf-8") as file:
            config = json.load(file)
        config.pop("truncation_side", None)
        files = {"tokenizer_config.json": json.dumps(config)}
    else:
        value["truncation_side"] = "left"
        files = {}
    return servers(model_variant({**files, request.param: json.dumps(value)}))


@pytest.mark.parametrize("truncate", [None, True, "START"])
def test_model_may_want_the_start_to_be_cut(left, server, words, truncate):
    fields = {} if truncate is None else {"truncate": truncate}
    reply = left.post("/v1/embeddings", {"input": " ".join(words), **fields})
    assert reply.json()["data"] == server.embed(input=" ".join(words[2 - MOST :]))["data"]
    assert reply.json()["truncated"] == [0]
    by_tei = left.post("/embed", {"inputs": " ".join(words)}).json()
    assert by_tei == server.post("/embed", {"inputs": " ".join(words[2 - MOST :])}).json()


def test_request_may_want_the_other_end_cut(left, server, words):
    expected = server.embed(input=" ".join(words[: MOST - 2]))["data"]
    assert left.embed(input=" ".join(words), truncate="END")["data"] == expected
    fields = {"truncate": True, "truncation_direction": "Right"}
    by_tei = left.post("/embed", {"inputs": " ".join(words), **fields}).json()
    assert by_tei == server.post("/embed", {"inputs": " ".join(words[: MOST - 2])}).json()


@pytest.mark.parametrize("truncate", ["END", "START"])
def test_token_arrays_are_cut_alike(server, words, tokenizer, truncate):
    ids = [tokenizer.token_to_id(word) for word in words]
    by_ids = server.embed(input=[ids, ids[:3]], truncate=truncate)
    assert by_ids == server.embed(input=[" ".join(words), " ".join(words[:3])], truncate=truncate)
    assert by_ids["truncated"] == [0]


def test_truncated_inputs_are_listed_by_index(server, words):
    long = " ".join(words)
    reply = server.post("/v1/embeddings", {"input": ["a", long, "b", long, long]})
    assert reply.json()["truncated"] == [1, 3, 4]
    assert reply.headers["x-truncated-inputs"] == "1,3,4"
    assert reply.json()["usage"]["prompt_tokens"] == 3 + MOST + 3 + MOST + MOST


def test_request_may_ask_for_truncation_that_is_off_by_default(servers, model, words):
    server = servers(model, "--auto-truncate", "false")
    assert server.post("/v1/embeddings", {"input": " ".join(words)}).status == 400
    assert server.post("/v1/embeddings", {"input": " ".join(words), "truncate": True}).status == 200


def test_usage_counts_tokens_with_special_ones(server, tokenizer):
    texts = ["hello", "unbelievable tokenization", "déjà vu — ¿qué?"]
    expected = sum(len(tokenizer.encode(text).ids) for text in texts)
    assert server.embed(input=texts)["usage"] == {
        "prompt_tokens": expected,
        "total_tokens": expected,
    }


def test_similarity_tells_too(server, words):
    reply = server.post("/v1/similarity", {"input": ["a", " ".join(words)], "compare_with": ["b"]})
    assert reply.status == 200 and reply.headers["x-truncated-inputs"] == "1"
    reply = server.post(
        "/similarity", {"inputs": {"source_sentence": "a", "sentences": [" ".join(words)]}}
    )
    assert reply.status == 200 and "x-truncated-inputs" in reply.headers
