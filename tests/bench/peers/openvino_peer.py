# SPDX-License-Identifier: Apache-2.0
"""OpenVINO on the plain graph. float32 and bfloat16 are its inference precision; int8 is NNCF's
static quantisation of weights and activations for transformers, calibrated on 128 texts that are
not timed."""

import numpy as np
import openvino

import batches
from cache import cached
from convert_onnx import convert

CALIBRATION_TEXTS = 128


def quantize(graph, batches_of_texts, path):
    import nncf

    dataset = nncf.Dataset([feed for _, feed in batches_of_texts])
    quantized = nncf.quantize(
        graph,
        dataset,
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=CALIBRATION_TEXTS,
    )
    openvino.save_model(quantized, path / "model.xml", compress_to_fp16=False)


def find_graph(model):
    source = model["folder"]
    if model["is_bert"]:
        folder = cached(model, "onnx-plain", lambda path: convert(source, path / "model.onnx", False))
        return folder / "model.onnx"

    def write(path):
        from convert_torch import to_openvino  # torch, where there is no graph yet

        to_openvino(source, path / "model.xml")

    return cached(model, "openvino", write) / "model.xml"


class Peer:
    settings = [
        {"batch": batch, "hint": hint} for hint in ("THROUGHPUT", "LATENCY") for batch in (1, 8, 32)
    ]

    def __init__(self, model, n_cores, dtype):
        self.n_cores = n_cores
        self.batches = batches.Batches(model["folder"], model["max_tokens"])
        self.dtype = dtype
        self.core = openvino.Core()
        self.graph = self.core.read_model(find_graph(model))
        if dtype == "int8":
            texts = self.batches.make(model["calibration"][:CALIBRATION_TEXTS], 1)
            folder = cached(model, "openvino-int8", lambda path: quantize(self.graph, texts, path))
            self.graph = self.core.read_model(folder / "model.xml")
        self.compiled = {}

    def compile(self, hint):
        if hint not in self.compiled:
            precision = "bf16" if self.dtype == "bfloat16" else "f32"
            self.compiled[hint] = self.core.compile_model(
                self.graph,
                "CPU",
                {
                    "PERFORMANCE_HINT": hint,
                    "INFERENCE_PRECISION_HINT": precision,
                    "INFERENCE_NUM_THREADS": self.n_cores,
                },
            )
        return self.compiled[hint]

    def encode(self, texts, batch, hint):
        compiled = self.compile(hint)
        queue = openvino.AsyncInferQueue(compiled, 0)  # as many requests as the hint asks for
        vectors = [None] * len(texts)

        def keep(request, places):
            for place, vector in zip(places, np.array(request.get_output_tensor(0).data)):
                vectors[place] = vector

        queue.set_callback(keep)
        for places, feed in self.batches.make(texts, batch):
            queue.start_async(feed, places)
        queue.wait_all()
        return np.array(vectors)
