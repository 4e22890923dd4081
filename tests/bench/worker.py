#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One contestant in a process of its own, which rounds.py starts: JSON lines in and out.

{"load": {"module", "dtype", "model", "cores"}}
    -> {"settings": [...], "own_weights": bool}
{"encode": texts, "setting": {...}, "vectors": file or null}
    -> {"seconds": ...}
Either may be answered {"error": text}. The end of the input ends it."""

import importlib
import json
import os
import pathlib
import sys
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "peers")]


class Worker:
    def __init__(self):
        self.peer = None

    def load(self, load):
        module = importlib.import_module(load["module"])
        self.peer = module.Peer(load["model"], load["cores"], load["dtype"])
        return {
            "settings": module.Peer.settings,
            "own_weights": getattr(module.Peer, "own_weights", False),
        }

    def encode(self, texts, setting, vectors):
        if hasattr(self.peer, "prepare"):
            texts = self.peer.prepare(texts)
        start = time.perf_counter()
        rows = self.peer.encode(texts, **setting)
        seconds = time.perf_counter() - start
        if vectors:
            np.save(vectors, np.asarray(rows, np.float32))
        return {"seconds": seconds}

    def answer(self, message):
        if "load" in message:
            return self.load(message["load"])
        return self.encode(message["encode"], message["setting"], message["vectors"])

    def close(self):
        if hasattr(self.peer, "close"):
            self.peer.close()


def main():
    # Libraries print: what they print goes to the log, the answers to the pipe.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as error:  # whatever a peer raises is why it does not take part
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
    worker.close()


if __name__ == "__main__":
    main()
