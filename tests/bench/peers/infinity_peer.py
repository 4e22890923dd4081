# SPDX-License-Identifier: Apache-2.0
"""infinity with its torch engine, over HTTP, its client on the same cores. It sorts what is queued
by length."""

import base64
import http.client
import json

import numpy as np

from infinity import Infinity


class Peer:
    settings = [{"engine_batch": batch} for batch in (8, 32)]

    def __init__(self, model, n_cores, dtype):
        self.folder = model["folder"]
        self.n_cores = n_cores
        self.log = f"{model['converted']}/infinity.log"
        self.server = None
        self.engine_batch = 0

    def load(self, engine_batch):
        if engine_batch != self.engine_batch:
            self.close()
            self.server = Infinity(self.folder, self.n_cores, engine_batch, self.log)
            self.engine_batch = engine_batch

    def encode(self, texts, engine_batch):
        self.load(engine_batch)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=600)
        body = {"model": self.server.name, "input": texts, "encoding_format": "base64"}
        connection.request(
            "POST", "/embeddings", json.dumps(body), {"Content-Type": "application/json"}
        )
        reply = connection.getresponse()
        data = json.loads(reply.read())["data"]
        connection.close()
        return np.array(
            [np.frombuffer(base64.b64decode(item["embedding"]), "<f4") for item in data]
        )

    def close(self):
        if self.server:
            self.server.stop()
            self.server = None
