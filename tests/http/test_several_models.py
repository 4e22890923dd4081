# SPDX-License-Identifier: Apache-2.0
"""Several models in one server: the name chooses, the bytes are those of a server with that model alone, and none of
them starves another (promises 1, 3 and 4)."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import run_to_end
from sending import head, long_texts

make_random_model = pytest.importorskip("make_random_model")

TINY = ("--served-model-name", "tiny", "--model-alias", "little", "--max-client-batch-size", "3")
TEXTS = [" ".join(["one line", "and another"] * n) for n in range(1, 22)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several") / "random"
    make_random_model.make([str(folder), "--preset", "tiny"])
    return folder


@pytest.fixture(scope="module")
def name(model):
    return model.rsplit("/", 1)[-1]


@pytest.fixture(scope="module")
def pair(binary, model, tiny, serve):
    return serve(binary, model, "--model-id", tiny, *TINY)


@pytest.fixture(scope="module")
def serve():
    from harness import Server, stop_all

    servers = []

    def start(*arguments):
        servers.append(Server(*arguments))
        return servers[-1].wait_ready()

    yield start
    stop_all(servers)


def vectors(server, texts, **fields):
    reply = server.embed(input=texts, encoding_format="base64", **fields)
    return [item["embedding"] for item in reply["data"]]


def test_bytes_are_those_of_a_server_with_that_model_alone(serve, binary, model, tiny, name, pair):
    alone = {name: serve(binary, model), "tiny": serve(binary, tiny, *TINY)}
    requests = [(key, [text]) for text in TEXTS for key in alone] + [
        (key, TEXTS[i : i + 3]) for i in range(0, len(TEXTS) - 3, 3) for key in alone
    ]
    expected = [vectors(alone[key], texts) for key, texts in requests]
    assert expected[0] != expected[1]
    with ThreadPoolExecutor(12) as pool, pair.connect() as bulk:
        body = json.dumps({"model": name, "input": long_texts(100)}).encode()
        bulk.sendall(head({"path": "/v1/embeddings"}, f"Content-Length: {len(body)}") + body)
        found = list(pool.map(lambda request: vectors(pair, request[1], model=request[0]), requests))
    assert found == expected


def test_one_models_bulk_does_not_hold_up_the_others_line(serve, binary, model):
    """Hardly any of the large request is encoded meanwhile; and a queue that is full is so for its own model."""
    first = (model, "--max-queue-tokens", "300000")
    server = serve(binary, *first, "--model-id", model, "--served-model-name", "other")
    queued = f'nestd_queue_tokens{{model="{model.rsplit("/", 1)[-1]}"}}'
    with server.connect() as bulk:
        body = json.dumps({"input": long_texts(1024)}).encode()
        bulk.sendall(head({"path": "/v1/embeddings"}, f"Content-Length: {len(body)}") + body)
        deadline = time.monotonic() + 60
        while server.metric(queued) < 200_000:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        before = server.metric(queued)
        assert server.post("/v1/embeddings", {"input": long_texts(1024)}).status == 429
        for text in TEXTS[:5]:
            server.embed(model="other", input=text)
        assert server.metric(queued) > 0.9 * before


def test_every_familys_model_chooses(pair, name):
    text = "one line"
    tiny = pair.embed(model="tiny", input=text)
    assert tiny["model"] == "tiny" and len(tiny["data"][0]["embedding"]) == 16
    vector = tiny["data"][0]["embedding"]
    length = sum(x * x for x in vector) ** 0.5
    unit = pytest.approx([x / length for x in vector], abs=1e-6)
    for sent in ("org/tiny", "little", "tiny:latest"):
        assert pair.embed(model=sent, input=text) == tiny
    assert pair.embed(input=text)["model"] == name
    assert pair.post("/openai/deployments/tiny/embeddings", {"input": text, "model": name}).json() == tiny
    assert pair.post("/embed", {"inputs": text, "model": "tiny"}).json()[0] == unit
    assert len(pair.post("/embed", {"inputs": text}).json()[0]) == 384
    assert pair.post("/", {"inputs": text, "model": "tiny"}).json()[0] == unit
    assert pair.post("/v2/embed", {"texts": [text], "model": "tiny", "embedding_types": ["float"]}).json()[
        "embeddings"
    ]["float"] == [vector]
    ollama = pair.post("/api/embed", {"input": text, "model": "tiny"}).json()
    assert ollama["model"] == "tiny" and ollama["embeddings"][0] == unit
    assert pair.post("/api/show", {"model": "tiny"}).json()["model_info"]["embedding.embedding_length"] == 16
    similar = pair.post("/v1/similarity", {"model": "tiny", "input": [text, "x"]}).json()
    assert similar["model"] == "tiny" and similar["dimensions"] == 16
    tokens = [
        len(pair.post("/tokenize", {"inputs": text, **more}).json()[0]) for more in ({}, {"model": "tiny"})
    ]
    assert tokens[0] != tokens[1] == tiny["usage"]["prompt_tokens"]


@pytest.mark.parametrize(
    "path, fields, message",
    [
        ("/v1/embeddings", {"input": "x"}, lambda reply: reply["error"]["message"]),
        ("/v2/embed", {"texts": ["x"], "embedding_types": ["float"]}, lambda reply: reply["message"]),
        ("/api/embed", {"input": "x"}, lambda reply: reply["error"]),
        ("/embed", {"inputs": "x"}, lambda reply: reply["error"]),
        ("/tokenize", {"inputs": "x"}, lambda reply: reply["error"]),
    ],
)
def test_an_unknown_name_is_refused_as_the_family_does(pair, name, path, fields, message):
    reply = pair.post(path, {**fields, "model": "nobody's"})
    assert reply.status == 404
    assert (
        message(reply.json())
        == f"The model 'nobody's' is not served here. This server's models are '{name}', 'tiny'"
    )


@pytest.mark.parametrize("bad", [7, ["tiny"], {"name": "tiny"}, ["tiny"] * 20])
@pytest.mark.parametrize("path", ["/embed", "/embed_all", "/tokenize", "/"])
def test_a_name_that_is_no_text_is_not_the_first_models(pair, path, bad):
    reply = pair.post(path, {"inputs": "x", "model": bad})
    assert reply.status == 422 and "'model'" in reply.json()["error"], reply


def test_limits_are_the_models_own(pair):
    many = ["x"] * 4
    refused = pair.post("/v1/embeddings", {"model": "tiny", "input": many})
    assert refused.status == 400 and refused.json()["error"]["code"] == "too_many_inputs"
    assert len(pair.embed(input=many)["data"]) == 4
    assert len(pair.embed(model="tiny", input="x", dimensions=16)["data"][0]["embedding"]) == 16
    refused = pair.post("/v1/embeddings", {"model": "tiny", "input": "x", "dimensions": 17})
    assert refused.json()["error"]["param"] == "dimensions"
    assert len(pair.embed(input="x", dimensions=17)["data"][0]["embedding"]) == 17


def test_models_of_a_file_have_their_own_dtype_limits_and_prompt(serve, binary, model, tiny, name, pair, tmp_path):
    """Their bytes are those of servers that have the same by flags."""
    first = {"model_id": model, "dtype": "float32", "default_prompt": "query: ", "max_client_batch_size": 2}
    second = {"model_id": str(tiny), "served_model_name": "tiny", "model_alias": ["little"], "matryoshka_dims": [8]}
    file = tmp_path / "nestd.json"
    file.write_text(json.dumps({"max_client_batch_size": 3, "dtype": "auto", "models": [first, second]}))
    server = serve(binary, None, "--config", file)
    alone = serve(binary, model, "--dtype", "float32")
    assert vectors(server, TEXTS[:2], model=name) == vectors(alone, [f"query: {text}" for text in TEXTS[:2]])
    little = vectors(server, TEXTS[:3], model="little", dimensions=8)
    assert little == vectors(pair, TEXTS[:3], model="tiny", dimensions=8)
    info = [server.get(f"/info?model={key}").json() for key in (name, "tiny")]
    assert [one["max_client_batch_size"] for one in info] == [2, 3]
    assert info[0]["model_dtype"] == "float32"
    assert info[1]["model_dtype"] == pair.get("/info?model=tiny").json()["model_dtype"]
    for key, n, status in ((name, 2, 200), (name, 3, 400), ("tiny", 3, 200), ("tiny", 4, 400)):
        assert server.post("/v1/embeddings", {"model": key, "input": ["x"] * n}).status == status
    assert server.post("/v1/embeddings", {"model": "tiny", "input": "x", "dimensions": 4}).status == 400


def test_a_model_of_a_file_that_cannot_be_is_refused_by_its_place(binary, model, tmp_path):
    file = tmp_path / "nestd.json"
    file.write_text(json.dumps({"models": [{"model_id": str(model)}, {"model_id": "b", "dtype": "int4"}]}))
    done = run_to_end(binary, "--config", file)
    assert done.returncode == 2 and f"{file}: models[1].dtype=int4: expected one of auto|" in done.stderr


def test_everything_that_lists_models_lists_them_all(pair, name):
    names = [name, "tiny", "little"]
    assert [model["id"] for model in pair.get("/v1/models").json()["data"]] == names
    assert pair.get("/v1/models/little").json()["id"] == "little"
    assert pair.get("/v1/models/nobody").status == 404
    assert [model["name"] for model in pair.get("/api/tags").json()["models"]] == names
    assert pair.get("/info").json()["served_model_name"] == name
    info = pair.get("/info?x=1&model=org%2Ftiny").json()
    assert info["served_model_name"] == "tiny" and info["max_client_batch_size"] == 3
    assert pair.get("/info?model=nobody").status == 404
    schema = pair.get("/openapi.json").json()["components"]["schemas"]["ModelName"]["anyOf"][0]["enum"]
    assert schema[:3] == names


def test_metrics_and_the_log_name_the_model(pair, name):
    before = pair.metric('nestd_texts_total{model="tiny"}')
    other = pair.metric(f'nestd_texts_total{{model="{name}"}}')
    pair.embed(model="tiny", input=["a", "b"])
    assert pair.metric('nestd_texts_total{model="tiny"}') == before + 2
    assert pair.metric(f'nestd_texts_total{{model="{name}"}}') == other
    assert pair.metric('nestd_model_ready{model="tiny"}') == 1
    assert " route=/v1/embeddings model=tiny status=200 texts=2 " in pair.log_text()


def test_two_models_of_one_name_are_refused(start, model):
    server = start(model, "--model-id", model)
    assert server.process.wait(30) == 2
    assert "two models are called" in server.log_text()


def test_retry_after_covers_what_waits_for_any_model(serve, binary, model, tiny, name):
    """They share the workers."""
    server = serve(binary, tiny, "--threads", "1", "--max-concurrent-requests", "1", "--model-id", model)
    body = json.dumps({"model": name, "input": long_texts(1024)}).encode()
    with server.connect() as connection:
        connection.sendall(head({"path": "/v1/embeddings"}, f"Content-Length: {len(body)}") + body)
        deadline = time.monotonic() + 30
        while server.metric(f'nestd_backlog_seconds{{model="{name}"}}') < 6:
            assert time.monotonic() < deadline, "never queued"
            time.sleep(0.05)
        refused = server.post("/v1/embeddings", {"model": "random", "input": "a"})
    assert refused.status == 429 and int(refused.headers["Retry-After"]) >= 5
