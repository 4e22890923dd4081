# SPDX-License-Identifier: Apache-2.0
"""Writes a BERT folder as an ONNX graph: ids and mask in, pooled unit vectors out.

Fused, the graph uses ONNX Runtime's own operators for transformers (attention with its three inputs
in one product, bias with GELU, residual with layer norm), as its optimiser leaves a BERT. Plain, it
has standard operators only, which OpenVINO fuses itself."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from weights import Bert

MICROSOFT = "com.microsoft"
MIN_FLOAT = float(np.finfo(np.float32).min)


class Graph:
    def __init__(self):
        self.nodes = []
        self.constants = []

    def constant(self, value, dtype=np.float32):
        name = f"c{len(self.constants)}"
        array = np.array(value, dtype=dtype, order="C")
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operator, *inputs, domain="", **attributes):
        """The name of the node's first output."""
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operator, inputs, [name], name=name, domain=domain, **attributes)
        )
        return name

    def linear(self, x, weight, bias):
        return self.add("Add", self.add("MatMul", x, self.constant(weight.T)), self.constant(bias))


class PlainLayers:
    """The steps of a layer in standard operators."""

    def __init__(self, graph, bert):
        self.graph = graph
        self.bert = bert
        self.mask = None

    def use_mask(self, mask):
        """mask: [batch, tokens], 1 where there is a token"""
        add = self.graph.add
        absent = add("Sub", self.graph.constant(1), add("Cast", mask, to=TensorProto.FLOAT))
        axes = self.graph.constant([1, 2], np.int64)
        self.mask = add("Mul", add("Unsqueeze", absent, axes), self.graph.constant(MIN_FLOAT))

    def norm(self, x, name):
        gamma, beta = self.bert.linear(name)
        constant = self.graph.constant
        return self.graph.add(
            "LayerNormalization", x, constant(gamma), constant(beta), epsilon=self.bert.epsilon
        )

    def heads(self, x, name, order):
        add, constant = self.graph.add, self.graph.constant
        size = self.bert.hidden // self.bert.heads
        split = constant([0, 0, self.bert.heads, size], np.int64)
        projected = self.graph.linear(x, *self.bert.linear(name))
        return add("Transpose", add("Reshape", projected, split), perm=order)

    def attention(self, x, name):
        add, constant = self.graph.add, self.graph.constant
        query = self.heads(x, name + "query", [0, 2, 1, 3])
        key = self.heads(x, name + "key", [0, 2, 3, 1])
        value = self.heads(x, name + "value", [0, 2, 1, 3])
        scale = constant((self.bert.hidden // self.bert.heads) ** -0.5)
        scores = add("Mul", add("MatMul", query, key), scale)
        shares = add("Softmax", add("Add", scores, self.mask), axis=-1)
        mixed = add("Transpose", add("MatMul", shares, value), perm=[0, 2, 1, 3])
        return add("Reshape", mixed, constant([0, 0, self.bert.hidden], np.int64))

    def residual_norm(self, x, residual, dense, norm):
        y = self.graph.linear(x, *self.bert.linear(dense))
        return self.norm(self.graph.add("Add", y, residual), norm)

    def gelu_linear(self, x, name):
        return self.graph.add("Gelu", self.graph.linear(x, *self.bert.linear(name)))


class FusedLayers(PlainLayers):
    """The same steps in ONNX Runtime's operators."""

    def use_mask(self, mask):
        self.mask = self.graph.add("Cast", mask, to=TensorProto.INT32)

    def attention(self, x, name):
        parts = [self.bert.linear(name + part) for part in ("query", "key", "value")]
        weight = self.graph.constant(np.concatenate([part[0] for part in parts]).T)
        bias = self.graph.constant(np.concatenate([part[1] for part in parts]))
        return self.graph.add(
            "Attention", x, weight, bias, self.mask, domain=MICROSOFT, num_heads=self.bert.heads
        )

    def residual_norm(self, x, residual, dense, norm):
        constant = self.graph.constant
        weight, bias = self.bert.linear(dense)
        gamma, beta = self.bert.linear(norm)
        return self.graph.add(
            "SkipLayerNormalization",
            self.graph.add("MatMul", x, constant(weight.T)),
            residual,
            constant(gamma),
            constant(beta),
            constant(bias),
            domain=MICROSOFT,
            epsilon=self.bert.epsilon,
        )

    def gelu_linear(self, x, name):
        weight, bias = self.bert.linear(name)
        product = self.graph.add("MatMul", x, self.graph.constant(weight.T))
        return self.graph.add("BiasGelu", product, self.graph.constant(bias), domain=MICROSOFT)


def embed(graph, layers, bert, ids):
    add, constant = graph.add, graph.constant
    words = add("Gather", constant(bert["embeddings.word_embeddings.weight"]), ids)
    positions = bert["embeddings.position_embeddings.weight"]
    positions = positions + bert["embeddings.token_type_embeddings.weight"][0]
    length = add("Shape", ids, start=1, end=2)
    start = constant([0], np.int64)
    places = add("Slice", constant(positions), start, length, start)
    return layers.norm(add("Add", words, places), "embeddings.LayerNorm")


def pool(graph, bert, x, mask):
    add, constant = graph.add, graph.constant
    if bert.cls_pooling:
        pooled = add("Gather", x, constant(0, np.int64), axis=1)
    else:
        axis = constant([1], np.int64)
        present = add("Cast", mask, to=TensorProto.FLOAT)
        weighted = add("Mul", x, add("Unsqueeze", present, constant([2], np.int64)))
        pooled = add(
            "Div",
            add("ReduceSum", weighted, axis, keepdims=0),
            add("ReduceSum", present, axis, keepdims=1),
        )
    return add("Div", pooled, add("ReduceL2", pooled, constant([1], np.int64), keepdims=1))


def build(bert, fused):
    graph = Graph()
    layers = (FusedLayers if fused else PlainLayers)(graph, bert)
    layers.use_mask("attention_mask")
    x = embed(graph, layers, bert, "input_ids")
    for i in range(bert.layers):
        name = f"encoder.layer.{i}."
        attended = layers.attention(x, name + "attention.self.")
        output = name + "attention.output."
        x = layers.residual_norm(attended, x, output + "dense", output + "LayerNorm")
        inner = layers.gelu_linear(x, name + "intermediate.dense")
        x = layers.residual_norm(inner, x, name + "output.dense", name + "output.LayerNorm")
    graph.add("Identity", pool(graph, bert, x, "attention_mask"))
    graph.nodes[-1].output[0] = "sentence_embedding"
    tokens = ["batch", "tokens"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, tokens)
        for name in ("input_ids", "attention_mask")
    ]
    shape = ["batch", bert.hidden]
    outputs = [helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, shape)]
    return helper.make_model(
        helper.make_graph(graph.nodes, "bert", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=10,
    )


def convert(folder, path, fused):
    """A protobuf holds at most 2 GB, so the weights lie beside the graph."""
    model = build(Bert(folder), fused)
    onnx.save_model(model, str(path), save_as_external_data=True, location=path.name + ".data")
