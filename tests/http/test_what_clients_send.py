# SPDX-License-Identifier: Apache-2.0
"""Requests as other people's programs write them: each is taken for what it means, or refused; never
answered with other vectors than were asked for."""

import json

import numpy as np
import pytest

TEXT = "The quick brown fox jumps over the lazy dog."


def embed_raw(server, body):
    reply = server.request(
        "POST", "/v1/embeddings", body.encode(), {"Content-Type": "application/json"}
    )
    assert reply.status == 200, reply
    return [item["embedding"] for item in reply.json()["data"]]


def embed(server, **fields):
    return embed_raw(server, json.dumps({"input": TEXT, **fields}))


# Token ids that have their special tokens.


def test_ids_of_hugging_faces_tokenizer_are_the_text(server, tokenizer):
    ids = tokenizer.encode(TEXT).ids
    assert (ids[0], ids[-1]) == (101, 102)
    expected = embed(server)
    assert embed(server, input=ids) == expected
    assert embed(server, input=ids[1:-1]) == expected
    assert embed(server, input=[ids, ids[1:-1]]) == expected * 2
    usage = server.embed(input=ids)["usage"]
    assert usage["prompt_tokens"] == len(ids)


def test_ids_that_are_cut_keep_their_special_tokens(server, tokenizer):
    text = "word " * 300
    ids = tokenizer.encode(text).ids
    for truncate in (True, "START"):
        assert embed(server, input=ids, truncate=truncate) == embed(
            server, input=text, truncate=truncate
        )
    reply = server.post("/v1/embeddings", {"input": ids, "truncate": False})
    assert reply.status == 400 and "302" in reply.json()["error"]["message"]


# Numbers.


@pytest.mark.parametrize("number", ["64.0", "6.4e1", "640e-1", "0.64E+2"])
def test_whole_numbers_may_be_written_as_reals(server, number):
    body = '{"input": [[7592.0, 2.088e3]], "dimensions": %s}' % number
    assert embed_raw(server, body) == embed(server, input=[[7592, 2088]], dimensions=64)


# Fields of other APIs.


def test_voyages_names_are_taken(server):
    assert embed(server, output_dimension=64) == embed(server, dimensions=64)
    refused = server.post("/v1/embeddings", {"input": "word " * 300, "truncation": False})
    assert refused.status == 400, refused
    for path, body in (
        ("/embed", {"inputs": TEXT, "output_dimension": 64}),
        ("/v2/embed", {"texts": [TEXT], "dimensions": 64}),
    ):
        assert server.post(path, body).status == 200
    assert len(server.post("/embed", {"inputs": TEXT, "output_dimension": 64}).json()[0]) == 64


FOREIGN = {
    "embedding_type": "encoding_format",
    "normalized": "'normalize'",
    "truncate_prompt_tokens": "'truncate'",
    "embed_dtype": "'output_dtype'",
    "endianness": "little-endian",
    "add_special_tokens": "special tokens",
    "use_activation": "'normalize'",
    "embd_normalize": "'normalize'",
    "task": "'input_type'",
}
BODIES = {
    "/v1/embeddings": lambda fields: {"input": TEXT, **fields},
    "/v1/similarity": lambda fields: {"input": TEXT, **fields},
    "/v2/embed": lambda fields: {"texts": [TEXT], **fields},
    "/embed": lambda fields: {"inputs": TEXT, **fields},
    "/embed_all": lambda fields: {"inputs": TEXT, **fields},
    "/similarity": lambda fields: {
        "inputs": {"source_sentence": "a", "sentences": ["b"]},
        "parameters": fields,
    },
}


@pytest.mark.parametrize(
    "path, name",
    [(path, name) for path in BODIES for name in FOREIGN if (path, name) != ("/v1/embeddings", "truncate_prompt_tokens")],
)
def test_fields_that_would_change_the_vectors_are_refused(server, path, name):
    reply = server.post(path, BODIES[path]({name: False}))
    assert reply.status in (400, 422), reply
    message = reply.json().get("message") or reply.json()["error"]
    message = message if isinstance(message, str) else message["message"]
    assert name in message and FOREIGN[name] in message
    assert server.post(path, BODIES[path]({name: None})).status == 200
    assert server.post(path, BODIES[path]({name: ""})).status == 200


@pytest.mark.parametrize("name, wrong, right", [("modality", "image", "text"), ("late_chunking", True, False)])
def test_fields_are_taken_that_ask_for_what_is_done_anyway(server, name, wrong, right):
    for path, body_of in BODIES.items():
        reply = server.post(path, body_of({name: wrong}))
        assert reply.status in (400, 422) and name in reply.body.decode(), reply
        assert server.post(path, body_of({name: right})).status == 200
    assert server.post("/v1/embeddings", {"input": "a", name: [right]}).status == 400


def test_other_fields_are_ignored_whatever_they_hold(server):
    body = '{"input": "%s", "user": 18446744073709551616, "x": 1e400, "\\u0000": {"a\\u0000": 1}}'
    assert embed_raw(server, body % TEXT) == embed(server)


LONG = " ".join(f"word{i}" for i in range(400))


def test_vllms_truncation_is_taken(server, tokenizer):
    """Of a text for an embedding model vLLM keeps the beginning, special tokens included."""
    ids = tokenizer.encode(LONG).ids
    for field, kept in (
        ({"truncate_prompt_tokens": 10}, ids[:9] + ids[-1:]),
        ({"truncate_prompt_tokens": 10, "truncation_side": "left"}, ids[:1] + ids[-9:]),
        ({"truncate_prompt_tokens": -1}, ids[:255] + ids[-1:]),
    ):
        whole = server.embed(input=LONG, **field)
        expected = server.embed(input=[kept])
        assert whole["data"][0]["embedding"] == expected["data"][0]["embedding"], field
        assert whole["usage"]["prompt_tokens"] == len(kept) and whole["truncated"] == [0]


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"truncate_prompt_tokens": 257}, ["257", "-1", "256"]),
        ({"truncate_prompt_tokens": 0}, ["'truncate_prompt_tokens' is 0"]),
        ({"truncate_prompt_tokens": "10"}, ["whole number"]),
        ({"truncate_prompt_tokens": 10, "truncation_side": "up"}, ["truncation_side", "left, right"]),
        ({"truncate_prompt_tokens": 10, "truncate": True}, ["two names"]),
    ],
    ids=str,
)
def test_vllms_truncation_is_checked(server, fields, words):
    reply = server.post("/v1/embeddings", {"input": "a", **fields})
    assert reply.status == 400, reply
    assert all(word in reply.json()["error"]["message"] for word in words), reply


# Names, and options that a form left empty.


def test_model_may_bear_an_organisation(servers, model):
    server = servers(model, "--served-model-name", "all-MiniLM-L6-v2")
    expected = embed(server)
    assert embed(server, model="sentence-transformers/all-MiniLM-L6-v2") == expected
    for wrong in ("sentence-transformers/other", "/all-MiniLM-L6-v2", "a/b/all-MiniLM-L6-v2"):
        assert server.post("/v1/embeddings", {"input": "a", "model": wrong}).status == 404


OPTIONS = ["model", "dimensions", "output_dimension", "encoding_format", "output_dtype"]
OPTIONS += ["truncate", "truncation", "prompt_name", "input_type", "normalize", "user"]


@pytest.mark.parametrize("name", OPTIONS)
def test_empty_option_is_as_absent(server, name):
    assert np.array_equal(embed(server, **{name: ""}), embed(server))


def test_empty_text_is_still_no_text(server):
    assert server.post("/v1/embeddings", {"input": ""}).status == 400
    assert server.post("/v1/similarity", {"input": "a", "compare_with": ""}).status == 400


# Too long, and astray.


def test_too_many_tokens_together_are_told_in_openais_words(servers, model):
    """LiteLLM, chunkhound and others look for the words."""
    server = servers(model, "--max-request-tokens", "600")
    texts = ["word " * 183] * 4
    for path, body in (
        ("/v1/embeddings", {"input": texts}),
        ("/embed", {"inputs": texts}),
        ("/tokenize", {"inputs": texts}),
    ):
        reply = server.post(path, body).json()["error"]
        message = reply if isinstance(reply, str) else reply["message"]
        assert message.startswith("Requested 740 tokens, max 600 tokens per request"), message


ASTRAY = {
    "//v1/embeddings": "/v1/embeddings",
    "/v1/embeddings/": "/v1/embeddings",
    "/v1/v1/embeddings": "/v1/embeddings",
    "/ollama/api/embed": "/api/embed",
    "/v1/embedding": "/v1/embeddings",
    "/v1/embeds": "/v1/embed",
}


@pytest.mark.parametrize("path", ASTRAY)
def test_path_that_is_not_there_is_told_the_nearest_one(server, path):
    reply = server.post(path, {"input": "a"})
    assert reply.status == 404
    error = reply.json()["error"]
    assert error["code"] == "not_found"
    assert error["message"] == f"There is no {path} here; there is {ASTRAY[path]}"


def test_path_that_is_near_nothing_is_told_no_more_than_its_beginning(server):
    reply = server.post("/" + "x" * 4000, {"input": "a"})
    assert reply.status == 404 and len(reply.body) < 400
