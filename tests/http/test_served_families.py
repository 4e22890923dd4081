# SPDX-License-Identifier: Apache-2.0
"""Models of other families through the server, by their own tokenizers: the tiny models of SHARED_DIR/reference/families have
sentence-transformers' vectors of 22 texts. tests/models/test_families.py has their encoders by themselves."""
import base64
import json

import pytest

import tiny_models

np = pytest.importorskip("numpy")

FAMILIES = [
    "albert",
    "bert-cased",
    "camembert",
    "deberta-v2",
    "distilbert",
    "electra",
    "embeddinggemma",
    "eurobert",
    "gte",
    "gte-new-ntk",
    "jina-bert-v2-heads4",
    "jina-bert-v2-heads6",
    "jina-embeddings-v3",
    "mistral-embedding",
    "modernbert",
    "mpnet",
    "nomic-bert",
    "nomic-moe",
    "pool-lasttoken",
    "pool-max",
    "pool-mean_sqrt_len_tokens",
    "pool-weightedmean",
    "prompt-excluded",
    "qwen2-embedding",
    "qwen3-embedding",
    "roberta",
    "static",
    "t5-gated",
    "t5-gtr",
    "xlm-roberta",
]


def embed(server, texts, **fields):
    reply = server.post("/v1/embeddings", {"input": texts, "encoding_format": "base64", **fields})
    assert reply.status == 200, reply.body
    return np.array([np.frombuffer(base64.b64decode(row["embedding"]), "<f4") for row in reply.json()["data"]])


@pytest.mark.parametrize("name", FAMILIES)
def test_vectors_are_those_of_sentence_transformers(shared_data, start, tmp_path, name):
    texts = tiny_models.texts(shared_data)
    model = tiny_models.make(shared_data, name, tmp_path)
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    found = embed(server, texts)
    expected = np.fromfile(model / "expected.f32", "<f4").reshape(len(texts), -1)
    assert (np.abs(found - expected) <= 2e-5 * np.maximum(1, np.abs(expected).max(axis=1, keepdims=True))).all()


def test_vocab_json_and_merges_txt_do_for_a_tokenizer_json(shared_data, start, tmp_path):
    texts = tiny_models.texts(shared_data)
    model = tiny_models.make(shared_data, "roberta", tmp_path)
    parts = json.loads((model / "tokenizer.json").read_text())["model"]
    (model / "tokenizer.json").unlink()
    (model / "vocab.json").write_text(json.dumps(parts["vocab"]))
    (model / "merges.txt").write_text("#version: 0.2\n" + "".join(" ".join(merge) + "\n" for merge in parts["merges"]))
    # Only tokenizer.json said that the mask takes the space before it.
    config = json.loads((model / "tokenizer_config.json").read_text())
    config["mask_token"] = {"__type": "AddedToken", "content": "<mask>", "lstrip": True}
    (model / "tokenizer_config.json").write_text(json.dumps(config))
    found = embed(start(model, "--dtype", "float32", "--threads", 1).wait_ready(), texts)
    expected = np.fromfile(model / "expected.f32", "<f4").reshape(len(texts), -1)
    assert np.abs(found - expected).max() <= 2e-5


def test_t5_is_cut_where_its_files_say_and_not_at_n_positions(shared_data, start, tmp_path):
    """transformers' T5Config has no limit, so that sentence-transformers cuts at max_seq_length, or at the tokenizer's
    model_max_length."""
    model = tiny_models.make(shared_data, "t5-gtr", tmp_path)
    config = json.loads((model / "config.json").read_text())
    texts = tiny_models.texts(shared_data)
    expected = np.fromfile(model / "expected.f32", "<f4").reshape(len(texts), -1)
    (model / "config.json").write_text(json.dumps({**config, "n_positions": 8}))
    found = embed(start(model, "--dtype", "float32", "--threads", 1).wait_ready(), texts)
    assert np.abs(found - expected).max() <= 2e-5
    (model / "sentence_bert_config.json").write_text("{}")
    tokenizer = json.loads((model / "tokenizer_config.json").read_text())
    (model / "tokenizer_config.json").write_text(json.dumps({**tokenizer, "model_max_length": 700}))
    server = start(model, "--threads", 1).wait_ready()
    assert server.get("/info").json()["max_input_length"] == 700
    (model / "tokenizer_config.json").write_text(json.dumps({**tokenizer, "model_max_length": 10**30}))
    server = start(model, "--threads", 1).wait_ready()
    assert server.get("/info").json()["max_input_length"] == 8
    assert "no file says how long texts may be: they are cut to 8 tokens" in server.log_text()


def test_a_vector_has_the_size_of_the_last_module(shared_data, start, tmp_path):
    """distilbert's Dense makes 48 numbers of 64; its token vectors stay as the encoder gives them."""
    server = start(tiny_models.make(shared_data, "distilbert", tmp_path), "--dtype", "float32").wait_ready()
    texts = tiny_models.texts(shared_data)
    whole = embed(server, texts)
    assert whole.shape[1] == 48
    assert server.get("/info").json()["dimensions"] == 48
    assert [row.tobytes() for row in whole] == [embed(server, [text])[0].tobytes() for text in texts]
    assert (embed(server, texts, dimensions=16) == whole[:, :16]).all()
    assert server.post("/v1/embeddings", {"input": texts[0], "dimensions": 49}).status == 400
    assert len(server.post("/embed_all", {"inputs": texts[0]}).json()[0][0]) == 64
