# SPDX-License-Identifier: Apache-2.0
"""POST /embed_sparse in TEI's shape: SPLADE models of each family have the vectors that sentence-transformers' SparseEncoder gives
(tests/models/make_sparse_golden.py)."""
import json
import pathlib
import random
import subprocess

import pytest

np = pytest.importorskip("numpy")
sparse_models = pytest.importorskip("sparse_models")

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = sparse_models.rows()
TOLERANCE = 1e-5


def dense(values):
    """[{"index", "value"}] as a vector; indices ascend and no value is zero."""
    vector = np.zeros(sparse_models.VOCABULARY)
    indices = [value["index"] for value in values]
    assert indices == sorted(set(indices)) and all(value["value"] > 0 for value in values)
    for value in values:
        vector[value["index"]] = value["value"]
    return vector


def golden(text):
    vector = np.zeros(sparse_models.VOCABULARY)
    for index, value in text["vector"].items():
        vector[int(index)] = value
    return vector


def embed(server, inputs, path="/embed_sparse", **fields):
    reply = server.post(path, {"inputs": inputs, **fields})
    assert reply.status == 200, reply.body
    return [dense(values) for values in reply.json()]


def assert_golden(server, row):
    found = embed(server, [text["ids"] for text in row["texts"]])
    for vector, text in zip(found, row["texts"], strict=True):
        expected = golden(text)
        assert np.abs(vector - expected).max() <= TOLERANCE * max(1, expected.max())


@pytest.mark.parametrize("name", ROWS)
def test_vectors_are_those_of_sentence_transformers(start, tmp_path, name):
    sparse_models.write(tmp_path / "model", ROWS[name])
    assert_golden(start(tmp_path / "model", "--dtype", "float32", "--threads", "2").wait_ready(), ROWS[name])


def test_folder_without_modules_is_sparse_where_asked(start, tmp_path):
    sparse_models.write(tmp_path / "model", ROWS["bert"])
    (tmp_path / "model" / "modules.json").unlink()
    server = start(tmp_path / "model", "--dtype", "float32", "--pooling", "splade").wait_ready()
    assert_golden(server, ROWS["bert"])


def test_score_that_is_not_a_number_is_told(start, tmp_path):
    """A weight of the vocabulary's last row is NaN; no token of the text has that row."""
    sparse_models.write(tmp_path / "model", ROWS["bert"])
    path = tmp_path / "model" / "model.safetensors"
    data = bytearray(path.read_bytes())
    n = int.from_bytes(data[:8], "little")
    end = 8 + n + json.loads(data[8:8 + n])["bert.embeddings.word_embeddings.weight"]["data_offsets"][1]
    data[end - 4:end] = np.array(np.nan, "<f4").tobytes()
    path.write_bytes(data)
    reply = start(tmp_path / "model", "--dtype", "float32").wait_ready().post("/embed_sparse", {"inputs": ["w1 w2"]})
    assert reply.status == 500 and reply.json()["error_type"] == "Backend"


@pytest.fixture(scope="module")
def server(servers, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sparse") / "model"
    sparse_models.write(folder, ROWS["bert"])
    return servers(folder, "--dtype", "float32", "--threads", "2")


def test_same_text_has_the_same_bytes_in_any_company(server):
    rng = random.Random(3)
    texts = [" ".join(f"w{rng.randrange(200)}" for _ in range(rng.choice([1, 3, 20, 60]))) for _ in range(24)]
    alone = [server.post("/embed_sparse", {"inputs": text}).json()[0] for text in texts]
    for _ in range(4):
        order = rng.sample(range(len(texts)), len(texts))
        together = server.post("/embed_sparse", {"inputs": [texts[i] for i in order]}).json()
        assert together == [alone[i] for i in order]


def test_root_gives_sparse_vectors_too(server):
    assert np.array_equal(embed(server, "w1 w2", "/"), embed(server, ["w1 w2"]))


def test_text_too_long_is_cut_or_refused(server):
    text = " ".join(["w1 w2"] * 60)
    reply = server.post("/embed_sparse", {"inputs": ["a", text], "truncate": True})
    assert reply.status == 200 and reply.headers["x-truncated-inputs"] == "1"
    refused = server.post("/embed_sparse", {"inputs": ["a", text], "truncate": False})
    assert refused.status == 422 and refused.json()["error_type"] == "Validation"


def test_information_says_splade(server):
    info = server.get("/info").json()
    assert info["model_type"] == {"embedding": {"pooling": "splade"}}
    assert "sparse vectors" in server.log_text() and " pooling" not in server.log_text()
    shown = server.post("/api/show", {"model": info["served_model_name"]}).json()
    assert shown["capabilities"] == []  # /api/embed refuses it


@pytest.mark.parametrize("path, body", [
    ("/embed", {"inputs": "a"}),
    ("/embed_all", {"inputs": "a"}),
    ("/v1/embeddings", {"input": "a"}),
    ("/v2/embed", {"texts": ["a"]}),
    ("/api/embed", {"input": "a"}),
    ("/v1/similarity", {"input": ["a", "b"]}),
])
def test_routes_of_dense_vectors_refuse_the_model(server, path, body):
    reply = server.post(path, body)
    assert reply.status == 400 and b"/embed_sparse" in reply.body


def test_dense_model_is_told_as_by_tei(servers, model):
    reply = servers(model).post("/embed_sparse", {"inputs": "a"})
    assert reply.status == 424
    assert reply.json()["error"].startswith("Model is not an embedding model with SPLADE pooling")
    assert reply.json()["error_type"] == "Backend"


def test_every_number_format_is_close(start, tmp_path):
    sparse_models.write(tmp_path / "model", ROWS["bert"])
    for dtype in ("auto", "int8"):
        server = start(tmp_path / "model", "--dtype", dtype)
        try:
            server.wait_ready()
        except AssertionError:
            assert "int8" in server.log_text()  # a CPU that has no exact products of bytes
            continue
        for vector, text in zip(embed(server, [text["ids"] for text in ROWS["bert"]["texts"]]), ROWS["bert"]["texts"]):
            expected = golden(text)
            assert vector @ expected / np.linalg.norm(vector) / np.linalg.norm(expected) > 0.995


@pytest.mark.library
@pytest.mark.parametrize("name", ["bert", "distilbert", "modernbert"])
def test_random_weights_agree_with_the_library(start, tmp_path, name):
    """As SparseEncoder saves them; of texts, with its own tokenizer."""
    python = ROOT / "build" / "variations-venv" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no sentence-transformers at {python}")
    command = [python, ROOT / "tests/models/make_sparse_golden.py", "--random", tmp_path, "--family", name]
    done = subprocess.run(command, capture_output=True, timeout=600, check=True)
    server = start(tmp_path / "whole", "--dtype", "float32").wait_ready()
    for text, vector in json.loads(done.stdout).items():
        (found,) = embed(server, text)
        assert np.abs(found - vector).max() <= TOLERANCE * max(1, *vector), text
