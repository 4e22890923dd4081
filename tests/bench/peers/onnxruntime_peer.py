# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime on the fused graph, of families beside BERT on torch's, all graph optimisations on;
int8: its dynamic quantisation of that graph."""

import onnxruntime
from onnx import TensorProto
from onnxruntime.quantization import QuantType, quantize_dynamic

import batches
from cache import cached
from convert_onnx import convert


def quantize(source, target):
    quantize_dynamic(
        source,
        target,
        per_channel=True,
        weight_type=QuantType.QInt8,
        use_external_data_format=True,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},  # its own operators tell no type
    )


def find_graph(model, dtype):
    name = "model.onnx"

    def write(path):
        if model["is_bert"]:
            convert(model["folder"], path / name, True)
        else:
            from convert_torch import to_onnx  # torch, where there is no graph yet

            to_onnx(model["folder"], path / name)

    whole = cached(model, "onnx-fused", write)
    if dtype == "float32":
        return whole / name
    return cached(model, "onnx-int8", lambda path: quantize(whole / name, path / name)) / name


class Peer:
    settings = [{"batch": batch, "streams": streams} for streams in (1, 0) for batch in (1, 8, 32)]

    def __init__(self, model, n_cores, dtype):
        self.n_cores = n_cores
        self.batches = batches.Batches(model["folder"], model["max_tokens"])
        self.graph = find_graph(model, dtype)
        self.sessions = {}

    def session(self, n_threads):
        if n_threads not in self.sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = n_threads
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
            self.sessions[n_threads] = onnxruntime.InferenceSession(
                self.graph, options, providers=["CPUExecutionProvider"]
            )
        return self.sessions[n_threads]

    def encode(self, texts, batch, streams):
        """streams: runs at once, each on its share of the cores; 0: one a core"""
        streams = streams or self.n_cores
        session = self.session(self.n_cores // streams)
        return batches.run(
            self.batches.make(texts, batch),
            len(texts),
            streams,
            lambda feed: session.run(None, feed)[0],
        )
