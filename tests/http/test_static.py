# SPDX-License-Identifier: Apache-2.0
"""Static embeddings through the server: a StaticEmbedding of sentence-transformers, whose expected vectors NumPy makes of the
tokens' rows. The tokens' ids are those of the official tokenizer."""
import base64
import json
import shutil
import struct

import pytest

np = pytest.importorskip("numpy")
tokenizers = pytest.importorskip("tokenizers")

TEXTS = ["O conselho aprovou a proposta.", "\t", "  ", "a", "Fim. Fim, 1.234,5!", "word " * 2000]


def write_tensors(path, tensors):
    names = {np.dtype("<f4"): "F32", np.dtype("<f2"): "F16", np.dtype("i1"): "I8", np.dtype("<i8"): "I64"}
    header, at = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": names[values.dtype], "shape": values.shape, "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(values.tobytes() for values in tensors.values()))


def make_tensors(n_ids, n_dims=24, seed=1):
    """As model2vec quantises them: few rows of int8, each token's row, and its weight."""
    rng = np.random.default_rng(seed)
    return {
        "embeddings": rng.integers(-127, 128, (97, n_dims), dtype=np.int8),
        "mapping": rng.integers(0, 97, n_ids, dtype=np.int64),
        "weights": rng.normal(size=n_ids).astype("<f4"),
    }


def mean(tensors, ids):
    """One text's vector, in float64."""
    rows = tensors["embeddings"][tensors["mapping"][ids]].astype(np.float64) * tensors["weights"][ids, None]
    return rows.mean(0) if len(ids) else np.zeros(tensors["embeddings"].shape[1])


@pytest.fixture
def folder(shared_data, tmp_path):
    source = shared_data.parent / "reference" / "families"
    if not source.is_dir():
        pytest.skip(f"no families at {source}")
    name = (source / "families" / "static" / "tokenizer.name").read_text().strip()
    model = tmp_path / "model"
    inner = model / "0_StaticEmbedding"
    inner.mkdir(parents=True)
    shutil.copy(source / "tokenizers" / f"{name}.json", inner / "tokenizer.json")
    # sentence-transformers reads none of these.
    (inner / "special_tokens_map.json").write_text(json.dumps({"mask_token": "conselho"}))
    (inner / "added_tokens.json").write_text(json.dumps({"proposta": 70000}))
    (inner / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "Unheard", "model_max_length": 1}))
    list_modules(model, [("StaticEmbedding", "0_StaticEmbedding")])
    return model


def list_modules(model, modules):
    text = [{"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"} for i, (kind, path) in enumerate(modules)]
    (model / "modules.json").write_text(json.dumps(text))


def encode(model, texts):
    tokenizer = tokenizers.Tokenizer.from_file(str(model / "0_StaticEmbedding" / "tokenizer.json"))
    return [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]


def n_ids_of(model):
    return tokenizers.Tokenizer.from_file(str(model / "0_StaticEmbedding" / "tokenizer.json")).get_vocab_size()


def embed(server, texts):
    reply = server.post("/v1/embeddings", {"input": texts, "encoding_format": "base64"})
    assert reply.status == 200, reply.body
    return np.array([np.frombuffer(base64.b64decode(row["embedding"]), "<f4") for row in reply.json()["data"]])


def assert_near(found, expected):
    assert found.shape == expected.shape
    assert (np.abs(found - expected) <= 2e-6 * np.maximum(1, np.abs(expected).max(axis=1, keepdims=True))).all()


def test_quantised_rows_are_found_by_mapping_and_weight(folder, start):
    tensors = make_tensors(n_ids_of(folder))
    write_tensors(folder / "0_StaticEmbedding" / "model.safetensors", tensors)
    server = start(folder, "--threads", 2).wait_ready()
    ids = encode(folder, TEXTS)
    assert len(ids[5]) > 2000
    assert_near(embed(server, TEXTS), np.array([mean(tensors, i) for i in ids]))
    reply = server.post("/embed_all", {"inputs": TEXTS[0]})
    rows = tensors["embeddings"][tensors["mapping"][ids[0]]] * tensors["weights"][ids[0], None]
    assert (np.array(reply.json()[0], "<f4") == rows.astype("<f4")).all()
    info = server.get("/info").json()
    assert (info["dimensions"], info["model_dtype"]) == (24, "float32")


def test_texts_without_a_token_are_zeros_in_any_number(folder, start):
    tensors = make_tensors(n_ids_of(folder))
    write_tensors(folder / "0_StaticEmbedding" / "model.safetensors", tensors)
    server = start(folder, "--max-batch-tokens", 8).wait_ready()
    assert not embed(server, [" "] * 1000).any()


def test_the_tokenizers_own_length_counts(folder, start):
    path = folder / "0_StaticEmbedding" / "tokenizer.json"
    written = json.loads(path.read_text())
    written["truncation"] = {"direction": "Right", "max_length": 7, "strategy": "LongestFirst", "stride": 0}
    path.write_text(json.dumps(written))
    tensors = make_tensors(n_ids_of(folder))
    write_tensors(folder / "0_StaticEmbedding" / "model.safetensors", tensors)
    server = start(folder).wait_ready()
    ids = encode(folder, TEXTS)
    assert len(ids[5]) == 7
    assert_near(embed(server, TEXTS), np.array([mean(tensors, i) for i in ids]))


def test_modules_follow_a_static_embedding(folder, start):
    tensors = make_tensors(n_ids_of(folder))
    write_tensors(folder / "0_StaticEmbedding" / "model.safetensors", tensors)
    weight = np.random.default_rng(3).normal(size=(10, 24)).astype("<f4") / 100
    (folder / "1_Dense").mkdir()
    (folder / "1_Dense" / "config.json").write_text(json.dumps({"in_features": 24, "out_features": 10, "bias": False}))
    write_tensors(folder / "1_Dense" / "model.safetensors", {"linear.weight": weight})
    list_modules(folder, [("StaticEmbedding", "0_StaticEmbedding"), ("Dense", "1_Dense"), ("Normalize", "2_Normalize")])
    server = start(folder).wait_ready()
    texts = [TEXTS[0], TEXTS[4]]
    expected = np.array([np.tanh(weight.astype(np.float64) @ mean(tensors, i)) for i in encode(folder, texts)])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert_near(embed(server, texts), expected)


@pytest.mark.parametrize(
    "options, complaint",
    [(["--pooling", "cls"], "a StaticEmbedding gives the mean"), ([], "the number of embeddings is 5")],
)
def test_what_does_not_fit_is_refused(folder, start, options, complaint):
    write_tensors(folder / "0_StaticEmbedding" / "model.safetensors", make_tensors(5))
    server = start(folder, *options)
    assert server.wait() == 1
    assert complaint in server.log_text()


def make_model2vec(folder, config):
    """The folder as model2vec saves it, but without modules.json; returns its tensors and its tokenizer."""
    (folder / "modules.json").unlink()
    (folder / "0_StaticEmbedding" / "tokenizer.json").rename(folder / "tokenizer.json")
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tensors = make_tensors(tokenizer.get_vocab_size())
    write_tensors(folder / "model.safetensors", tensors)
    return tensors, tokenizer


def encode_as_model2vec(tokenizer, texts, max_length):
    """StaticModel.encode: the text is cut by characters, then by tokens, then the unknown ones go."""
    median = int(np.median([len(token) for token in tokenizer.get_vocab()]))
    unknown = tokenizer.token_to_id(tokenizer.model.unk_token)
    ids = [tokenizer.encode(text[: max_length * median], add_special_tokens=False).ids[:max_length] for text in texts]
    return [[i for i in one if i != unknown] for one in ids], unknown


@pytest.mark.parametrize("max_length", [512, 3])
def test_a_folder_without_modules_follows_model2vec(folder, start, max_length):
    config = {"model_type": "model2vec", "normalize": True, "sif_coefficient": 1e-4}
    if max_length != 512:
        config["max_length"] = max_length
    tensors, tokenizer = make_model2vec(folder, config)
    texts = [*TEXTS, "casa \u2603 \u4e16 \U0001f642 nova", "\U0001f642", "a" + 3000 * " " + "b"]
    ids, unknown = encode_as_model2vec(tokenizer, texts, max_length)
    assert unknown in tokenizer.encode(texts[6]).ids and ids[7] == [] and len(ids[8]) == 1
    expected = np.array([mean(tensors, i) for i in ids])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True) + 1e-32
    server = start(folder).wait_ready()
    assert_near(embed(server, texts), expected)
    assert server.get("/info").json()["max_input_length"] == max_length
    assert server.post("/embed", {"inputs": texts[8], "truncate": True}).headers.get("X-Truncated-Inputs") is not None


@pytest.mark.parametrize(
    "config, complaint",
    [
        ({"model_type": "model2vec", "normalize": True, "subwords": 1}, '"subwords" (1) is a setting'),
        ({"model_type": "model2vec", "normalize": 1}, '"normalize" must be'),
        ({"model_type": "model2vec", "max_length": 0}, '"max_length" must be'),
        ({"architectures": ["StaticModel"]}, '"model_type" is absent'),
    ],
)
def test_model2vecs_settings_are_refused_by_key(folder, start, config, complaint):
    make_model2vec(folder, config)
    server = start(folder)
    assert server.wait() == 1
    assert f"config.json: {complaint}" in server.log_text()
