# SPDX-License-Identifier: Apache-2.0
"""POST /v1/embeddings, field by field."""

import base64
import json

import numpy as np
import pytest

SENTENCES = [
    "A girl is styling her hair.",
    "Um grupo de homens joga futebol.",
    "東京は日本の首都です",
    "x",
    "One two three four. " * 10,
]


def vectors(reply):
    """[n, dims], checking the order of the reply on the way."""
    assert [item["index"] for item in reply["data"]] == list(range(len(reply["data"])))
    assert all(item["object"] == "embedding" for item in reply["data"])
    return np.array([decoded(item["embedding"]) for item in reply["data"]], dtype=np.float32)


def decoded(embedding):
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
    return np.array(embedding, dtype=np.float32)


def test_reply_has_the_documented_shape(server):
    reply = server.embed(input="hello world", user="someone", unknown_field={"a": [1]})
    assert set(reply) == {"object", "data", "model", "usage"}
    assert reply["object"] == "list"
    assert reply["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert set(reply["data"][0]) == {"object", "index", "embedding"}
    assert len(reply["data"][0]["embedding"]) == 384


def test_vectors_are_unit_length(server):
    norms = np.linalg.norm(vectors(server.embed(input=SENTENCES)).astype(float), axis=1)
    assert np.abs(norms - 1).max() < 1e-6


def test_many_texts_come_back_in_order(server):
    together = vectors(server.embed(input=SENTENCES))
    alone = np.concatenate([vectors(server.embed(input=text)) for text in SENTENCES])
    assert np.array_equal(together, alone)
    assert np.array_equal(vectors(server.embed(input=SENTENCES[::-1])), together[::-1])


def test_alias_path_answers_the_same(server):
    reply = server.post("/embeddings", {"input": "hello"})
    assert reply.status == 200 and reply.json() == server.embed(input="hello")


def test_token_arrays_equal_their_text(server, tokenizer):
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in SENTENCES]
    by_text = server.embed(input=SENTENCES)
    by_ids = server.embed(input=ids)
    assert by_ids["data"] == by_text["data"] and by_ids["usage"] == by_text["usage"]
    assert server.embed(input=ids[0])["data"] == by_text["data"][:1], "one flat array is one text"


def test_base64_and_float_are_the_same_bits(server):
    as_float = server.embed(input=SENTENCES, encoding_format="float")
    as_base64 = server.embed(input=SENTENCES, encoding_format="base64")
    assert all(isinstance(item["embedding"], str) for item in as_base64["data"])
    assert vectors(as_float).tobytes() == vectors(as_base64).tobytes()
    assert server.embed(input=SENTENCES) == as_float
    assert server.embed(input=SENTENCES, encoding_format=None) == as_float


def packed(unit):
    """What each output_dtype makes of unit vectors, by NumPy."""
    int8 = np.clip(np.rint(np.float32(127) * unit), -128, 127).astype(np.int64)
    bits = np.packbits(unit > 0, axis=1).astype(np.int64)
    return {"int8": int8, "uint8": int8 + 128, "ubinary": bits, "binary": bits - 128}


@pytest.mark.parametrize("dims", [None, 64, 37, 1])
@pytest.mark.parametrize("normalize", [True, False])
def test_packed_vectors_are_of_the_float_ones(server, dims, normalize):
    fields = {"input": SENTENCES, "dimensions": dims, "normalize": normalize}
    floats = vectors(server.embed(**fields))
    norms = np.sqrt(np.square(floats.astype(float)).sum(axis=1, keepdims=True))
    unit = floats if normalize else floats * (1 / norms).astype(np.float32)
    for dtype, expected in packed(unit).items():
        reply = server.embed(**fields, output_dtype=dtype)
        assert [item["embedding"] for item in reply["data"]] == expected.tolist(), dtype
        reply = server.embed(**fields, output_dtype=dtype, encoding_format="base64")
        as_type = np.int8 if dtype in ("int8", "binary") else np.uint8
        found = [
            np.frombuffer(base64.b64decode(item["embedding"], validate=True), as_type).tolist()
            for item in reply["data"]
        ]
        assert found == expected.tolist(), dtype


@pytest.mark.parametrize("dtype", ["float", None])
def test_float_is_the_default_dtype(server, dtype):
    assert server.embed(input=SENTENCES, output_dtype=dtype) == server.embed(input=SENTENCES)


@pytest.mark.parametrize("dims", [1, 2, 64, 100, 128, 256, 383, 384])
def test_dimensions_are_the_first_numbers_renormalised(server, dims):
    whole = vectors(server.embed(input=SENTENCES)).astype(float)
    cut = vectors(server.embed(input=SENTENCES, dimensions=dims))
    assert cut.shape == (len(SENTENCES), dims)
    expected = whole[:, :dims] / np.linalg.norm(whole[:, :dims], axis=1, keepdims=True)
    assert np.abs(cut - expected).max() < 1e-6


def test_listed_dimensions_and_the_full_size_are_taken(servers, model):
    server = servers(model, "--matryoshka-dims", "256,128,64")
    for dims in (64, 128, 256, 384):
        assert vectors(server.embed(input="a", dimensions=dims)).shape == (1, dims)


def test_without_normalize_the_first_numbers_are_plain(server):
    raw = vectors(server.embed(input=SENTENCES, normalize=False)).astype(float)
    assert np.abs(np.linalg.norm(raw, axis=1) - 1).min() > 1e-3, (
        "pooled vectors of this model are not of unit length"
    )
    assert (
        np.abs(
            raw / np.linalg.norm(raw, axis=1, keepdims=True)
            - vectors(server.embed(input=SENTENCES))
        ).max()
        < 1e-6
    )
    cut = vectors(server.embed(input=SENTENCES, normalize=False, dimensions=64))
    assert np.array_equal(cut, raw[:, :64].astype(np.float32))
    assert server.embed(input=SENTENCES, normalize=True) == server.embed(input=SENTENCES)


@pytest.mark.parametrize("unescaped", [True, False])
def test_any_character_may_stand_in_a_text(server, unescaped):
    text = "zero\0 width, \U0001f600 and \uffff"
    body = json.dumps({"input": text}, ensure_ascii=not unescaped).encode()
    reply = server.request("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})
    assert reply.status == 200, reply
    assert reply.json()["data"] == server.embed(input=text.replace("\0", ""))["data"]


def test_model_names(server, servers, model):
    default = server.embed(input="a")["model"]
    last_part = model.rstrip("/").rsplit("/", 1)[1]
    for name in (default, model, last_part):
        assert server.embed(input="a", model=name)["model"] == default
    named = servers(
        model,
        "--served-model-name",
        "minilm",
        "--model-alias",
        "text-embedding-3-small,text-embedding-ada-002",
    )
    for name in ("minilm", "text-embedding-3-small", "text-embedding-ada-002"):
        assert named.embed(input="a", model=name)["model"] == "minilm"
    assert named.embed(input="a")["model"] == "minilm"


def test_json_content_types(server):
    for headers in (
        {},
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "Application/JSON"},
    ):
        reply = server.request("POST", "/v1/embeddings", b'{"input": "a"}', headers)
        assert reply.status == 200, (headers, reply)


def test_body_of_exactly_the_payload_limit_is_taken(servers, model):
    server = servers(model, "--payload-limit", "1024")
    body = b'{"input": "' + b"a" * (1024 - 13) + b'"}'
    assert len(body) == 1024
    assert server.request("POST", "/v1/embeddings", body).status == 200
    assert server.request("POST", "/v1/embeddings", body + b" ").status == 413


def test_chunked_body_is_read(server):
    reply = server.request(
        "POST",
        "/v1/embeddings",
        iter([b'{"inp', b'ut": "he', b'llo"}']),
        {"Content-Type": "application/json"},
    )
    assert reply.status == 200 and reply.json() == server.embed(input="hello")


def test_query_string_is_no_part_of_the_path(server):
    assert server.post("/v1/embeddings?api-version=1", {"input": "a"}).status == 200
