# SPDX-License-Identifier: Apache-2.0
"""A BERT folder's shape, weights and tokens, for the converters of the peers' formats."""

import json
import pathlib

from safetensors.numpy import load_file


class Bert:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        config = json.loads((self.folder / "config.json").read_text())
        pooling = json.loads((self.folder / "1_Pooling" / "config.json").read_text())
        sentence = json.loads((self.folder / "sentence_bert_config.json").read_text())
        self.hidden = config["hidden_size"]
        self.layers = config["num_hidden_layers"]
        self.heads = config["num_attention_heads"]
        self.intermediate = config["intermediate_size"]
        self.vocab = config["vocab_size"]
        self.positions = config["max_position_embeddings"]
        self.types = config["type_vocab_size"]
        self.epsilon = config["layer_norm_eps"]
        self.max_tokens = min(sentence["max_seq_length"], self.positions)
        self.cls_pooling = pooling["pooling_mode_cls_token"]
        self.tensors = load_file(self.folder / "model.safetensors")

    def __getitem__(self, name):
        return self.tensors[name].astype("float32")

    def linear(self, name):
        """(weight [n_out, n_in], bias [n_out])"""
        return self[name + ".weight"], self[name + ".bias"]

    def tokens(self):
        """The vocabulary's tokens in the order of their ids."""
        vocab = json.loads((self.folder / "tokenizer.json").read_text())["model"]["vocab"]
        return [token for token, _ in sorted(vocab.items(), key=lambda item: item[1])]
