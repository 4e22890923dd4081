# SPDX-License-Identifier: Apache-2.0
"""sentence-transformers on torch. encode() sorts by length itself."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from sentence_transformers import SentenceTransformer


class Peer:
    settings = [{"batch": batch, "streams": streams} for streams in (1, 0) for batch in (8, 32)]

    def __init__(self, model, n_cores, dtype):
        self.n_cores = n_cores
        self.model = SentenceTransformer(
            model["folder"], device="cpu", model_kwargs={"dtype": getattr(torch, dtype)}
        )
        self.model.eval()

    def encode(self, texts, batch, streams):
        """streams: calls at once, each on its share of the cores; 0: one a core"""
        streams = streams or self.n_cores
        threads = self.n_cores // streams

        def encode_part(part):
            torch.set_num_threads(threads)
            return self.model.encode(part, batch_size=batch, show_progress_bar=False)

        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        parts = [order[i::streams] for i in range(streams)]  # alike in lengths
        with ThreadPoolExecutor(streams) as pool:
            done = list(pool.map(encode_part, [[texts[i] for i in part] for part in parts]))
        vectors = np.empty((len(texts), done[0].shape[1]), np.float32)
        for part, rows in zip(parts, done):
            vectors[part] = rows
        return vectors
