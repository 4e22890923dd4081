# SPDX-License-Identifier: Apache-2.0
"""Ollama's routes, raw and by its clients in Python and Node, LangChain's, and as Open WebUI asks; llama.cpp's route. What
they should give is what /v1/embeddings gives, which other tests compare with sentence-transformers."""

import datetime
import json
import re

import numpy as np
import pytest

from clients import run_node, run_python

TEXTS = ["Lisbon is the capital of Portugal.", "ça va ? 東京", "a cat " * 9]


def vectors(server, texts, **fields):
    return [item["embedding"] for item in server.embed(input=texts, **fields)["data"]]


@pytest.fixture(scope="module")
def name(server):
    return server.get("/v1/models").json()["data"][0]["id"]


def ask(server, path, body, status=200):
    reply = server.post(path, body)
    assert reply.status == status, reply
    return reply.json()


def test_embed(server, name):
    reply = ask(server, "/api/embed", {"model": name, "input": TEXTS, "keep_alive": "5m", "options": {"num_ctx": 512}})
    assert set(reply) == {"model", "embeddings", "total_duration", "load_duration", "prompt_eval_count"}
    assert reply["embeddings"] == vectors(server, TEXTS) and reply["model"] == name
    assert reply["prompt_eval_count"] == server.embed(input=TEXTS)["usage"]["prompt_tokens"]
    assert 0 < reply["total_duration"] < 10**11
    one = ask(server, "/api/embed", {"model": f"{name}:latest", "input": TEXTS[0], "dimensions": 64})
    assert one["embeddings"] == vectors(server, TEXTS[0], dimensions=64)


def test_embed_gives_length_1_whatever_the_model_does(servers, model_variant, model):
    modules = json.loads(open(f"{model}/modules.json").read())
    plain = model_variant({"modules.json": json.dumps([m for m in modules if "Normalize" not in m["type"]])})
    server = servers(plain)
    whole = np.array(vectors(server, TEXTS))
    lengths = np.linalg.norm(whole, axis=1, keepdims=True)
    assert (abs(lengths - 1) > 0.01).all()
    found = np.array(ask(server, "/api/embed", {"input": TEXTS})["embeddings"])
    np.testing.assert_allclose(found, whole / lengths, atol=1e-6)
    older = ask(server, "/api/embeddings", {"prompt": TEXTS[0]})["embedding"]
    assert older == vectors(server, TEXTS[0])[0]


def test_embeddings(server, name):
    assert ask(server, "/api/embeddings", {"model": name, "prompt": TEXTS[1]}) == {
        "embedding": vectors(server, TEXTS[1])[0]
    }
    refused = ask(server, "/api/embeddings", {"prompt": TEXTS}, 400)
    assert list(refused) == ["error"] and "/api/embed takes lists" in refused["error"]
    assert "prompt" in ask(server, "/api/embeddings", {}, 400)["error"]


def test_embed_refuses_too_long_texts_where_it_is_told_to(server):
    refused = ask(server, "/api/embed", {"input": "a " * 999, "truncate": False}, 400)
    assert "maximum context length is 256 tokens" in refused["error"]
    reply = server.post("/api/embed", {"input": ["a", "a " * 999]})
    assert reply.status == 200 and reply.headers["x-truncated-inputs"] == "1"


def test_context_is_as_long_as_asked(server, tokenizer):
    """options.num_ctx counts special tokens, and is no more than the model takes and no less than 4."""
    text = " ".join(f"word{i}" for i in range(400))
    ids = tokenizer.encode(text).ids
    for n, kept in ((10, 10), (4096, 256), (0, 4), (-1, 4)):
        expected = vectors(server, [ids[: kept - 1] + ids[-1:]])
        body = {"input": text, "options": {"num_ctx": n, "temperature": 0}}
        reply = server.post("/api/embed", body)
        assert reply.json()["embeddings"] == expected and reply.json()["prompt_eval_count"] == kept
        assert reply.headers["x-truncated-inputs"] == "0"
        older = ask(server, "/api/embeddings", {"prompt": text, "options": {"num_ctx": n}})
        assert older["embedding"] == expected[0]
    refused = ask(server, "/api/embed", {"input": text, "options": {"num_ctx": 10}, "truncate": False}, 400)
    assert "10 tokens" in refused["error"]
    assert "options.num_ctx" in ask(server, "/api/embed", {"input": "a", "options": {"num_ctx": "x"}}, 400)["error"]
    assert "options" in ask(server, "/api/embed", {"input": "a", "options": 7}, 400)["error"]


def test_model_is_running(server, name):
    (running,) = server.get("/api/ps").json()["models"]
    (listed,) = server.get("/api/tags").json()["models"]
    assert running.pop("context_length") == 256 and running.pop("size_vram") == 0
    assert datetime.datetime.fromisoformat(running.pop("expires_at")).year > 2300
    listed.pop("modified_at")
    assert running == listed and running["name"] == name


def test_models(server, name):
    models = server.get("/api/tags").json()["models"]
    assert [model["name"] for model in models] == [name] == [model["model"] for model in models]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", models[0]["modified_at"])
    for body in ({"model": name}, {"name": f"{name}:latest"}, {"model": "", "name": name}):
        shown = ask(server, "/api/show", body)
        assert shown["capabilities"] == ["embedding"]
        sizes = shown["model_info"]
        assert (sizes["embedding.embedding_length"], sizes["embedding.context_length"]) == (384, 256)
    assert "nobody's" in ask(server, "/api/show", {"model": "nobody's"}, 404)["error"]
    assert "missing" in ask(server, "/api/show", {}, 400)["error"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", server.get("/api/version").json()["version"])


def test_tag_of_a_served_name_may_be_left_out(servers, model):
    server = servers(model, "--served-model-name", "all-minilm:latest")
    for asked in ("all-minilm", "all-minilm:latest"):
        assert ask(server, "/api/embed", {"model": asked, "input": "a"})["model"] == "all-minilm:latest"
    ask(server, "/api/embed", {"model": "all-minilm:v2", "input": "a"}, 404)


def test_as_open_webui_asks(servers, model):
    """Its requests as it makes them: a key where one is set, the user's headers beside it, lists of texts; of its three
    engines for embeddings, and perhaps a field that says what the texts are, which its administrator names."""
    server = servers(model, "--api-key", "webui", "--served-model-name", "minilm")
    user = {f"X-OpenWebUI-User-{name}": "a%20user" for name in ("Name", "Id", "Email", "Role")}
    headers = {"Authorization": "Bearer webui", **user}
    assert [m["model"] for m in server.get("/api/tags", headers=headers).json()["models"]] == ["minilm"]
    assert server.get("/api/version", headers=headers).status == 200 == server.get("/api/ps", headers=headers).status
    assert [m["id"] for m in server.get("/v1/models", headers=headers).json()["data"]] == ["minilm"]
    azure = "/openai/deployments/minilm/embeddings?api-version=2024-10-21"
    for more in ({}, {"input_type": "query"}):
        body = {"input": TEXTS, "model": "minilm", **more}
        reply = server.post("/api/embed", body, headers)
        expected = [item["embedding"] for item in server.post("/v1/embeddings", body, headers).json()["data"]]
        assert reply.json()["embeddings"] == expected and len(expected) == len(TEXTS)
        reply = server.post(azure, {"input": TEXTS, **more}, {"api-key": "webui", **user})
        assert [item["embedding"] for item in reply.json()["data"]] == expected
    assert server.post("/api/embed", body).status == 401 == server.get("/api/tags").status


PYTHON = """
import json, sys
import ollama
client = ollama.Client(host=sys.argv[1])
name = client.list().models[0].model
whole = client.embed(model=name, input=["a cat", "a dog"], truncate=True)
found = [list(vector) for vector in whole.embeddings]
assert whole.prompt_eval_count > 0 and whole.model == name
assert list(client.embeddings(model=name + ":latest", prompt="a cat").embedding) == found[0]
assert client.show(name).capabilities == ["embedding"]
(running,) = client.ps().models
assert running.model == name and running.expires_at.year > 2300
try:
    client.embed(model="nobody's", input="a")
except ollama.ResponseError as error:
    assert error.status_code == 404 and "nobody's" in error.error
else:
    raise AssertionError("another model was taken")
print(json.dumps(found))
"""

NODE = """
import { Ollama } from "ollama";
const client = new Ollama({ host: process.argv[2] });
const name = (await client.list()).models[0].name;
const reply = await client.embed({ model: name, input: ["a cat", "a dog"] });
const older = await client.embeddings({ model: name, prompt: "a cat" });
if (JSON.stringify(older.embedding) !== JSON.stringify(reply.embeddings[0])) throw new Error("they differ");
if ((await client.ps()).models[0].name !== name) throw new Error("it does not run");
if ((await client.show({ model: name })).capabilities[0] !== "embedding") throw new Error("no capability");
const refusal = await client.embed({ model: "nobody's", input: "a" }).catch((error) => error);
if (refusal.status_code !== 404 || !refusal.message.includes("nobody's")) throw refusal;
console.log(JSON.stringify(reply.embeddings));
"""

LANGCHAIN = """
import json, sys
from langchain_ollama import OllamaEmbeddings
embeddings = OllamaEmbeddings(model=sys.argv[2], base_url=sys.argv[1])
found = embeddings.embed_documents(["a cat", "a dog"])
assert embeddings.embed_query("a cat") == found[0]
print(json.dumps(found))
"""


def url(server):
    return f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def expected(server):
    return vectors(server, ["a cat", "a dog"])


def test_python_client(server, expected, tmp_path):
    assert json.loads(run_python("ollama", PYTHON, tmp_path, url(server))) == expected


def test_langchain(server, name, expected, tmp_path):
    assert json.loads(run_python("langchain_ollama", LANGCHAIN, tmp_path, url(server), name)) == expected


def test_node_client(server, expected, tmp_path):
    assert json.loads(run_node("ollama", NODE, tmp_path, url(server))) == expected


# llama.cpp


def test_llamas_embedding(server):
    expected = [{"index": i, "embedding": [vector]} for i, vector in enumerate(vectors(server, TEXTS))]
    assert ask(server, "/embedding", {"content": TEXTS}) == expected
    assert ask(server, "/embedding", {"input": TEXTS, "embd_normalize": 2}) == expected
    assert ask(server, "/embedding", {"content": TEXTS[0]}) == expected[:1]
    ids = [[101, 7592, 102], "hello"]
    assert ask(server, "/embedding", {"content": ids})[0]["embedding"] == [vectors(server, [ids[0]])[0]]
    plain = ask(server, "/embedding", {"content": TEXTS, "embd_normalize": -1})
    assert [item["embedding"][0] for item in plain] == vectors(server, TEXTS, normalize=False)


@pytest.mark.parametrize(
    "body, words",
    [
        ({}, "'content' is missing"),
        ({"content": "a", "input": "a"}, "exclude each other"),
        ({"content": "a", "embd_normalize": 1}, "must be 2"),
        ({"content": "a", "embd_normalize": "x"}, "whole number"),
    ],
    ids=str,
)
def test_llamas_embedding_refuses(server, body, words):
    error = ask(server, "/embedding", body, 400)["error"]
    assert error["code"] == 400 and error["type"] == "invalid_request_error" and words in error["message"]
