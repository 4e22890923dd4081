# SPDX-License-Identifier: Apache-2.0
"""Odd weights: of bge-large's shape that cost no disk, a safetensors header and a hole, for tests
of what goes on while a model loads; and weights with a number that is not finite."""

import json
import shutil

HIDDEN, LAYERS, INNER, VOCABULARY, POSITIONS = 1024, 24, 4096, 30522, 512


def shapes():
    yield "embeddings.word_embeddings.weight", [VOCABULARY, HIDDEN]
    yield "embeddings.position_embeddings.weight", [POSITIONS, HIDDEN]
    yield "embeddings.token_type_embeddings.weight", [2, HIDDEN]
    yield from layer_norm("embeddings.LayerNorm")
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            yield from linear(f"{layer}.attention.{part}", HIDDEN, HIDDEN)
        yield from layer_norm(f"{layer}.attention.output.LayerNorm")
        yield from linear(f"{layer}.intermediate.dense", INNER, HIDDEN)
        yield from linear(f"{layer}.output.dense", HIDDEN, INNER)
        yield from layer_norm(f"{layer}.output.LayerNorm")


def linear(name, n_out, n_in):
    yield f"{name}.weight", [n_out, n_in]
    yield f"{name}.bias", [n_out]


def layer_norm(name):
    yield f"{name}.weight", [HIDDEN]
    yield f"{name}.bias", [HIDDEN]


def write_sparse_weights(folder):
    header, end = {}, 0
    for name, shape in shapes():
        start, end = end, end + 4 * shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
    config = json.loads((folder / "config.json").read_text())
    config.update(
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=16,
        intermediate_size=INNER,
    )
    (folder / "config.json").write_text(json.dumps(config))
    pooling = json.loads((folder / "1_Pooling/config.json").read_text())
    (folder / "1_Pooling/config.json").write_text(
        json.dumps({**pooling, "word_embedding_dimension": HIDDEN})
    )


def poison(source, target, row):
    """Copies weights and puts an infinity into one row of the word embeddings."""
    shutil.copyfile(source, target)
    with open(target, "r+b") as file:
        n = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(n))
        entry = header["embeddings.word_embeddings.weight"]
        row_bytes = (entry["data_offsets"][1] - entry["data_offsets"][0]) // entry["shape"][0]
        infinity = {"F16": b"\x00\x7c", "F32": b"\x00\x00\x80\x7f"}[entry["dtype"]]
        file.seek(8 + n + entry["data_offsets"][0] + row * row_bytes)
        file.write(infinity)
