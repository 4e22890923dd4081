# SPDX-License-Identifier: Apache-2.0
"""A sentence-transformers folder of any family as a graph (input_ids, attention_mask) -> vectors,
by the exporters of torch and of OpenVINO."""

import torch
from sentence_transformers import SentenceTransformer

MAX_BATCH, MAX_TOKENS = 256, 512


class Embedder(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.model = SentenceTransformer(str(folder), device="cpu").eval()

    def forward(self, input_ids, attention_mask):
        features = {"input_ids": input_ids, "attention_mask": attention_mask}
        return self.model(features)["sentence_embedding"]


def example():
    """Two texts, one of them padded."""
    ids = torch.randint(1000, 30000, (2, 24))
    mask = torch.ones_like(ids)
    mask[1, 20:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def to_onnx(folder, path):
    axes = {0: torch.export.Dim("batch", max=MAX_BATCH), 1: torch.export.Dim("n", max=MAX_TOKENS)}
    inputs = example()
    with torch.no_grad():
        torch.onnx.export(
            Embedder(folder),
            tuple(inputs.values()),
            path,
            dynamo=True,
            input_names=list(inputs),
            output_names=["vectors"],
            dynamic_shapes=dict.fromkeys(inputs, axes),
            external_data=True,
        )


def to_openvino(folder, path):
    import openvino

    shapes = [(name, [-1, -1]) for name in example()]
    with torch.no_grad():
        graph = openvino.convert_model(Embedder(folder), example_input=example(), input=shapes)
    openvino.save_model(graph, path, compress_to_fp16=False)
