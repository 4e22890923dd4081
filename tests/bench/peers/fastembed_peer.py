# SPDX-License-Identifier: Apache-2.0
"""fastembed with the fused graph as its own model. It pads but does not sort, so it gets the texts
sorted."""

import json
import shutil

import numpy as np
from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

from cache import cached
from convert_onnx import convert

FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def make_folder(model, path):
    convert(model["folder"], path / "model.onnx", True)
    for name in FILES:
        shutil.copy(f"{model['folder']}/{name}", path)
    settings = json.loads((path / "tokenizer_config.json").read_text())
    settings["model_max_length"] = model["max_tokens"]
    (path / "tokenizer_config.json").write_text(json.dumps(settings))


class Peer:
    settings = [{"batch": batch} for batch in (1, 8, 32)]

    def __init__(self, model, n_cores, dtype):
        folder = cached(model, "fastembed", lambda path: make_folder(model, path))
        TextEmbedding.add_custom_model(
            model="bench/model",
            pooling=PoolingType.DISABLED,
            normalization=False,
            sources=ModelSource(hf="bench/model"),
            dim=model["hidden"],
            model_file="model.onnx",
            additional_files=["model.onnx.data"],
        )
        self.model = TextEmbedding("bench/model", specific_model_path=str(folder), threads=n_cores)

    def encode(self, texts, batch):
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        vectors = [None] * len(texts)
        rows = self.model.embed([texts[i] for i in order], batch_size=batch)
        for place, row in zip(order, rows):
            vectors[place] = row
        return np.array(vectors, np.float32)
