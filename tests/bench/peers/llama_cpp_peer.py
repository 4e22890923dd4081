# SPDX-License-Identifier: Apache-2.0
"""llama.cpp through llama-cpp-python. It lays texts end to end; its own quantiser makes the Q8_0
file."""

import ctypes

import llama_cpp
import numpy as np

import batches
from cache import cached
from convert_gguf import convert


def quantize(source, target):
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
    if llama_cpp.llama_model_quantize(
        str(source).encode(), str(target).encode(), ctypes.byref(parameters)
    ):
        raise RuntimeError("llama.cpp could not quantise the file")


def find_file(model, dtype):
    name = "model.gguf"
    whole = cached(model, "gguf-f32", lambda path: convert(model["folder"], path / name)) / name
    if dtype == "float32":
        return whole
    return cached(model, "gguf-q8_0", lambda path: quantize(whole, path / name)) / name


class Peer:
    settings = [{"pass_tokens": n} for n in (0, 512, 2048)]

    def __init__(self, model, n_cores, dtype):
        self.n_cores = n_cores
        self.max_tokens = model["max_tokens"]
        self.prepare = batches.Batches(model["folder"], model["max_tokens"]).cut  # not timed
        self.path = find_file(model, dtype)
        self.pass_tokens = 0
        self.llama = None

    def load(self, pass_tokens):
        if pass_tokens == self.pass_tokens:
            return
        self.llama = None
        self.llama = llama_cpp.Llama(
            str(self.path),
            embedding=True,
            n_ctx=pass_tokens,
            n_batch=pass_tokens,
            n_ubatch=pass_tokens,
            n_threads=self.n_cores,
            n_threads_batch=self.n_cores,
            verbose=False,
        )
        self.pass_tokens = pass_tokens

    def encode(self, texts, pass_tokens):
        """pass_tokens: of one batch; 0: of one longest text"""
        self.load(pass_tokens or self.max_tokens)
        return np.array(self.llama.embed(texts, normalize=True, truncate=True), np.float32)
