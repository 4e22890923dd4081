# SPDX-License-Identifier: Apache-2.0
"""nestd as it is used: the server, and a client that posts texts on the same cores and takes base64
back."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from nestd import start


class Peer:
    settings = [{"batch": batch} for batch in (64, 256)]

    def __init__(self, model, n_cores, dtype):
        self.server = start(model["folder"], dtype, n_cores)

    def embed(self, texts):
        body = {"input": texts, "encoding_format": "base64"}
        reply = self.server.post("/v1/embeddings", body)
        if reply.status != 200:
            raise RuntimeError(f"{reply.status} {reply.body[:300]!r}")
        data = json.loads(reply.body)["data"]
        return [np.frombuffer(base64.b64decode(item["embedding"]), "<f4") for item in data]

    def encode(self, texts, batch):
        """Two requests in flight, so that no worker waits for the client."""
        parts = [texts[at : at + batch] for at in range(0, len(texts), batch)]
        with ThreadPoolExecutor(2) as pool:
            return np.array([row for rows in pool.map(self.embed, parts) for row in rows])

    def close(self):
        self.server.stop()
