# SPDX-License-Identifier: Apache-2.0
"""Models of other families through the server, by their own tokenizers: the tiny models of SHARED_DIR/reference/families have
sentence-transformers' vectors of 22 texts. tests/models/test_families.py has their encoders by themselves."""
import base64
import shutil
import sys

import pytest

np = pytest.importorskip("numpy")

FAMILIES = [
    "albert",
    "bert-cased",
    "camembert",
    "electra",
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
    "pool-lasttoken",
    "pool-max",
    "pool-mean_sqrt_len_tokens",
    "pool-weightedmean",
    "qwen2-embedding",
    "qwen3-embedding",
    "roberta",
    "xlm-roberta",
]


@pytest.fixture(scope="module")
def reference(shared_data):
    folder = shared_data.parent / "reference" / "families"
    if not folder.is_dir():
        pytest.skip(f"no families at {folder}")
    sys.path.insert(0, str(folder))
    try:
        import texts
        import weights
    finally:
        sys.path.remove(str(folder))
    return folder, weights, texts.TEXTS


@pytest.mark.parametrize("name", FAMILIES)
def test_vectors_are_those_of_sentence_transformers(reference, start, tmp_path, name):
    folder, weights, texts = reference
    model = tmp_path / name
    shutil.copytree(folder / "families" / name, model)
    tokenizer = (model / "tokenizer.name").read_text().strip()
    shutil.copy(folder / "tokenizers" / f"{tokenizer}.json", model / "tokenizer.json")
    weights.write(str(model / "tensors.json"))
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    reply = server.post("/v1/embeddings", {"input": texts, "encoding_format": "base64"})
    assert reply.status == 200, reply.body
    found = np.array([np.frombuffer(base64.b64decode(row["embedding"]), "<f4") for row in reply.json()["data"]])
    expected = np.fromfile(model / "expected.f32", "<f4").reshape(len(texts), -1)
    assert (np.abs(found - expected) <= 2e-5 * np.maximum(1, np.abs(expected).max(axis=1, keepdims=True))).all()
