# SPDX-License-Identifier: Apache-2.0
"""fasttextembed, compiled for this machine; bge-small's shape alone, float16 weights."""

import numpy as np
from fasttextembed import TextEmbedding

from cache import cached
from convert_fte import convert


class Peer:
    settings = [{}]

    def __init__(self, model, n_cores, dtype):
        folder = cached(model, "fte", lambda path: convert(model["folder"], path))
        self.n_cores = n_cores
        self.model = TextEmbedding(str(folder / "model.fte"), str(folder / "vocab.tsv"))

    def encode(self, texts):
        return np.array(self.model.embed(texts, threads=self.n_cores), np.float32)
