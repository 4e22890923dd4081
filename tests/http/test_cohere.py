# SPDX-License-Identifier: Apache-2.0
"""POST /v2/embed and /v1/embed by the official Cohere client, with nothing but its base URL changed; what it
should give is worked out from /v1/embeddings with NumPy."""

import base64
import json

import numpy as np
import pytest

import sending
from clients import run_python
from harness import read_reply

cohere = pytest.importorskip("cohere")

TEXTS = ["Lisbon is the capital of Portugal.", "ça va ? 東京", "a\0b", "a cat " * 9]
TYPES = ["float", "base64", "int8", "uint8", "binary", "ubinary"]


def connect(server, **more):
    return cohere.ClientV2(base_url=f"http://127.0.0.1:{server.port}", api_key="unused", **more)


@pytest.fixture(scope="module")
def client(server):
    return connect(server)


@pytest.fixture(scope="module")
def name(server):
    return server.get("/v1/models").json()["data"][0]["id"]


def vectors(server, texts, **fields):
    data = server.embed(input=texts, encoding_format="float", **fields)["data"]
    return np.array([item["embedding"] for item in data], dtype=np.float32)


@pytest.mark.parametrize("dims", [None, 64, 37, 1])
def test_every_type_is_of_the_same_vectors(server, client, name, dims):
    size = {"output_dimension": dims} if dims else {}
    reply = client.embed(
        model=name, input_type="search_document", texts=TEXTS, embedding_types=TYPES, **size
    )
    expected = vectors(server, TEXTS, **({"dimensions": dims} if dims else {}))
    found = reply.embeddings
    int8 = np.clip(np.rint(np.float32(127) * expected), -128, 127).astype(int)
    bits = np.packbits(expected > 0, axis=1).astype(int)
    assert (np.array(found.float_, dtype=np.float32) == expected).all()
    decoded = [np.frombuffer(base64.b64decode(item), "<f4") for item in found.base64]
    assert (np.array(decoded) == expected).all()
    assert (np.array(found.int8) == int8).all() and (np.array(found.uint8) == int8 + 128).all()
    assert (np.array(found.ubinary) == bits).all() and (np.array(found.binary) == bits - 128).all()


def test_reply_has_what_the_client_reads(server, client, name):
    reply = client.embed(model=name, input_type="search_query", texts=TEXTS)
    assert reply.texts == TEXTS and reply.id and reply.response_type == "embeddings_by_type"
    assert len(reply.embeddings.float_) == len(TEXTS) and reply.embeddings.int8 is None
    assert reply.meta.api_version.version == "2" and reply.meta.warnings is None
    usage = server.embed(input=TEXTS)["usage"]
    assert reply.meta.billed_units.input_tokens == usage["prompt_tokens"]


def test_id_is_that_of_the_request(server):
    reply = server.post("/v2/embed", {"texts": ["a"]}, {"x-request-id": 'my "id"'})
    assert reply.json()["id"] == reply.headers["x-request-id"] == 'my "id"'


def test_content_of_texts_is_taken(server, client, name):
    inputs = [{"content": [{"type": "text", "text": text}]} for text in TEXTS]
    reply = client.embed(model=name, input_type="search_document", inputs=inputs)
    found = np.array(reply.embeddings.float_, dtype=np.float32)
    assert (found == vectors(server, TEXTS)).all() and reply.texts == TEXTS


def test_int8_of_a_model_that_does_not_normalise_is_of_the_unit_vector(servers, model_variant):
    server = servers(
        model_variant(
            {
                "modules.json": '[{"idx":0,"name":"0","path":"",'
                '"type":"sentence_transformers.models.Transformer"},{"idx":1,"name":"1",'
                '"path":"1_Pooling","type":"sentence_transformers.models.Pooling"}]'
            }
        )
    )
    reply = server.post("/v2/embed", {"texts": TEXTS, "embedding_types": ["int8", "float"]}).json()
    whole = np.array(reply["embeddings"]["float"])
    assert abs(np.linalg.norm(whole, axis=1) - 1).min() > 0.01, "else this tests nothing"
    unit = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    # The exact value rounds to either neighbour where it is close to a half.
    assert abs(np.array(reply["embeddings"]["int8"]) - 127 * unit).max() < 0.501


@pytest.mark.parametrize("truncate", ["START", "END"])
def test_long_texts_are_cut_and_it_is_said(server, client, name, truncate):
    texts = ["short", "word " * 400, "one two three four five six"]
    reply = client.embed(model=name, input_type="clustering", texts=texts, truncate=truncate)
    expected = vectors(server, texts, truncate=truncate)
    assert (np.array(reply.embeddings.float_, dtype=np.float32) == expected).all()
    assert reply.meta.warnings == ["1 of 3 inputs were truncated"]


def test_max_tokens_cuts_sooner(server, client, name):
    """Four tokens are two words between [CLS] and [SEP]."""
    more = {"model": name, "input_type": "classification", "max_tokens": 4}
    text = "one two three four"
    end = client.embed(texts=[text], truncate="END", **more)
    start = client.embed(texts=[text], truncate="START", **more)
    expected = vectors(server, ["one two", "three four"])
    found = np.array([end.embeddings.float_[0], start.embeddings.float_[0]], dtype=np.float32)
    assert (found == expected).all() and end.meta.billed_units.input_tokens == 4
    with pytest.raises(cohere.BadRequestError, match="max_tokens"):
        client.embed(texts=[text], truncate="NONE", **more)


@pytest.mark.parametrize(
    "role, prompt", [("search_query", "q: "), ("search_document", "p: "), ("clustering", "")]
)
def test_input_type_picks_the_prompt(servers, model_variant, role, prompt):
    prompts = '{"prompts": {"query": "q: ", "passage": "p: "}}'
    server = servers(model_variant({"config_sentence_transformers.json": prompts}))
    name = server.get("/v1/models").json()["data"][0]["id"]
    reply = connect(server).embed(model=name, input_type=role, texts=["cats"])
    found = np.array(reply.embeddings.float_, dtype=np.float32)
    assert (found == vectors(server, [prompt + "cats"])).all()
    assert reply.texts == ["cats"]


BAD = [
    ({"texts": []}, "empty_input", "texts"),
    ({"texts": ["a", ""]}, "empty_input", "texts"),
    ({"texts": ["a"], "output_dimension": 385}, "invalid_value", "output_dimension"),
    ({"texts": ["a"], "embedding_types": ["int4"]}, "invalid_value", "embedding_types[0]"),
    ({"texts": ["a"], "truncate": "MIDDLE"}, "invalid_value", "truncate"),
    ({"texts": ["a"], "max_tokens": 2}, "invalid_value", "max_tokens"),
    ({"texts": ["a"], "input_type": "image"}, "invalid_value", "input_type"),
    ({"images": ["data:image/png;base64,AAAA"]}, "invalid_value", "images"),
    ({"texts": ["word " * 400], "truncate": "NONE"}, "context_length_exceeded", "texts"),
    ({"texts": ["a"] * 2049}, "too_many_inputs", "texts"),
    ({}, None, "texts"),
]


@pytest.mark.parametrize("fields, code, param", BAD, ids=lambda value: str(value)[:40])
def test_mistakes_are_bad_requests(client, name, fields, code, param):
    fields = {"model": name, "input_type": "search_query", **fields}
    with pytest.raises(cohere.BadRequestError) as caught:
        client.embed(**fields)
    error = caught.value.body["error"]
    assert caught.value.body["message"] == error["message"], "what other Cohere clients show"
    assert (error["code"], error["param"], error["type"]) == (code, param, "invalid_request_error")
    assert str(error) in str(caught.value), "what a user sees names the field and what is allowed"


def test_images_among_the_contents_are_refused(client, name):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    with pytest.raises(cohere.BadRequestError, match="image") as caught:
        client.embed(model=name, input_type="image", inputs=[{"content": [image]}])
    assert caught.value.body["error"]["param"] == "inputs[0].content"


def test_unknown_model_is_not_found(client):
    with pytest.raises(cohere.NotFoundError, match="embed-v4.0"):
        client.embed(model="embed-v4.0", input_type="search_query", texts=["a"])


def test_keys_are_checked(servers, model):
    server = servers(model, "--api-key", "secret", "--served-model-name", "minilm")
    fields = {"model": "minilm", "input_type": "search_query", "texts": ["a"]}
    with pytest.raises(cohere.UnauthorizedError):
        connect(server).embed(**fields)
    url = f"http://127.0.0.1:{server.port}"
    client = cohere.ClientV2(base_url=url, api_key="secret")
    assert len(client.embed(**fields).embeddings.float_[0]) == 384


def test_busy_server_is_too_many_requests_until_a_retry_succeeds(start, model):
    options = ["--max-concurrent-requests", "1", "--served-model-name", "minilm"]
    server = start(model, *options).wait_ready()
    client = connect(server)
    fields = {"model": "minilm", "input_type": "search_query", "texts": ["a"]}
    body = sending.BUSY
    with server.connect() as busy:
        busy.sendall(
            sending.head({"path": "/v1/embeddings"}, f"Content-Length: {len(body)}") + body
        )
        sending.wait_for_busy(server)
        with pytest.raises(cohere.TooManyRequestsError):
            client.embed(**fields, request_options={"max_retries": 0})
        refused = server.metric('nestd_requests_total{route="/v2/embed",status="429"}')
        reply = client.embed(**fields, request_options={"max_retries": 8})
        assert read_reply(busy).status == 200
    assert len(reply.embeddings.float_[0]) == 384
    assert server.metric('nestd_requests_total{route="/v2/embed",status="429"}') > refused > 0


# Version 1.


@pytest.fixture(scope="module")
def older(server):
    return cohere.Client(base_url=f"http://127.0.0.1:{server.port}", api_key="unused")


def test_version_1_gives_a_plain_list(server, older, name):
    reply = older.embed(model=name, input_type="search_document", texts=TEXTS)
    assert reply.response_type == "embeddings_floats" and reply.texts == TEXTS
    assert (np.array(reply.embeddings, dtype=np.float32) == vectors(server, TEXTS)).all()
    whole = server.post("/v1/embed", {"texts": TEXTS}).json()
    assert whole["meta"]["api_version"] == {"version": "1"}
    assert whole["meta"]["billed_units"] == {"input_tokens": server.embed(input=TEXTS)["usage"]["prompt_tokens"]}


def test_version_1_gives_types_where_they_are_named(server, older, name):
    reply = older.embed(model=name, input_type="search_query", texts=TEXTS, embedding_types=["float", "ubinary"])
    expected = vectors(server, TEXTS)
    assert reply.response_type == "embeddings_by_type"
    assert (np.array(reply.embeddings.float_, dtype=np.float32) == expected).all()
    assert (np.array(reply.embeddings.ubinary) == np.packbits(expected > 0, axis=1)).all()


def test_version_1_splits_many_texts(server, older, name):
    """The client sends 96 at a time, from several threads, and puts the replies together."""
    texts = [f"text {i}" for i in range(200)]
    reply = older.embed(model=name, input_type="search_document", texts=texts)
    assert (np.array(reply.embeddings, dtype=np.float32) == vectors(server, texts)).all()


def test_version_1_refuses_as_the_client_expects(older):
    with pytest.raises(cohere.NotFoundError):
        older.embed(model="nobody's", input_type="search_query", texts=["a"])
    with pytest.raises(cohere.BadRequestError):
        older.embed(model="", input_type="nothing", texts=["a"])


LANGCHAIN = """
import json, sys
from langchain_cohere import CohereEmbeddings
embeddings = CohereEmbeddings(model=sys.argv[2], base_url=sys.argv[1], cohere_api_key="any")
found = embeddings.embed_documents(["a cat", "a dog"])
assert embeddings.embed_query("a cat") == found[0]
print(json.dumps(found))
"""


def test_langchain(server, name, tmp_path):
    found = json.loads(run_python("langchain_cohere", LANGCHAIN, tmp_path, f"http://127.0.0.1:{server.port}", name))
    assert (np.array(found, dtype=np.float32) == vectors(server, ["a cat", "a dog"])).all()
