# SPDX-License-Identifier: Apache-2.0
"""Writes a BERT folder of bge-small's shape in the format of fasttextembed: model.fte and
vocab.tsv.

A header, a table of tensors, their bytes, each on 64 bytes; matrices float16, vectors float32. The
names of the matrices are those that the ONNX export of bge-small-en-v1.5 gave them; the engine
knows them by heart."""

import struct

import numpy as np

from weights import Bert

ALIGNMENT = 64
HEADER = struct.Struct("<QQ11I")
ENTRY = struct.Struct("<QQ64s6i")
SHAPE = (384, 12, 12, 1536, 30522, 512, 2)
FLOAT32, FLOAT16 = 0, 1


def product_name(layer, which):
    number = 1536 + which if layer == 0 else 1549 + 13 * (layer - 1) + which
    return f"onnx::MatMul_{number}"


def collect(bert):
    """[(name, array)]; a linear layer's matrix is [n_in, n_out]"""
    tensors = [
        (name, bert[name])
        for name in bert.tensors
        if name.startswith(("embeddings.", "encoder."))
        and (name.endswith(".bias") or "LayerNorm" in name or "_embeddings" in name)
    ]
    for i in range(bert.layers):
        layer = f"encoder.layer.{i}."
        parts = [bert.linear(f"{layer}attention.self.{part}") for part in ("query", "key", "value")]
        tensors.append((f"Attention_{i}_qkv_weight", np.concatenate([w for w, _ in parts]).T))
        tensors.append((f"Attention_{i}_qkv_bias", np.concatenate([b for _, b in parts])))
        for which, name in enumerate(("attention.output", "intermediate", "output")):
            weight, _ = bert.linear(f"{layer}{name}.dense")
            tensors.append((product_name(i, which), weight.T))
    return tensors


def pad(n):
    return -n % ALIGNMENT


def write(path, tensors):
    arrays = [
        np.ascontiguousarray(array, np.float16 if array.ndim == 2 else np.float32)
        for _, array in tensors
    ]
    table = HEADER.size + pad(HEADER.size)
    start = table + ENTRY.size * len(arrays)
    start += pad(start)
    with open(path, "wb") as file:
        file.write(HEADER.pack(table, start, 0x31455446, 2, *SHAPE, len(arrays), 0))
        file.write(bytes(pad(HEADER.size)))
        at = start
        for (name, _), array in zip(tensors, arrays):
            shape = (*array.shape, 0, 0, 0)[:4]
            dtype = FLOAT16 if array.ndim == 2 else FLOAT32
            file.write(ENTRY.pack(at, array.nbytes, name.encode(), array.ndim, *shape, dtype))
            at += array.nbytes + pad(array.nbytes)
        file.write(bytes(start - file.tell()))
        for array in arrays:
            file.write(array.tobytes() + bytes(pad(array.nbytes)))


def convert(folder, target):
    bert = Bert(folder)
    shape = (bert.hidden, bert.layers, bert.heads, bert.intermediate, bert.vocab, bert.positions)
    if shape != SHAPE[:6]:
        raise ValueError("fasttextembed runs bge-small's shape alone")
    write(target / "model.fte", collect(bert))
    lines = [f"{token}\t{i}\n" for i, token in enumerate(bert.tokens())]
    (target / "vocab.tsv").write_text("".join(lines), encoding="utf-8")
