# SPDX-License-Identifier: Apache-2.0
"""Writes a BERT folder as GGUF for llama.cpp, float32."""

import gguf
import numpy as np

from weights import Bert

WORD_START = "\u2581"  # llama.cpp marks where a word starts, BERT where one goes on (##)
LAYER_PARTS = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def is_special(token):
    return token.startswith("[") and token.endswith("]") and len(token) > 2


def spell(token):
    if is_special(token):
        return token
    return token[2:] if token.startswith("##") else WORD_START + token


def add_tokenizer(writer, bert):
    tokens = bert.tokens()
    kinds = [
        gguf.TokenType.CONTROL if is_special(token) else gguf.TokenType.NORMAL for token in tokens
    ]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([spell(token) for token in tokens])
    writer.add_token_types(kinds)
    writer.add_token_type_count(bert.types)
    writer.add_unk_token_id(tokens.index("[UNK]"))
    writer.add_pad_token_id(tokens.index("[PAD]"))
    writer.add_sep_token_id(tokens.index("[SEP]"))
    writer.add_mask_token_id(tokens.index("[MASK]"))
    writer.add_bos_token_id(tokens.index("[CLS]"))
    writer.add_eos_token_id(tokens.index("[SEP]"))


def add_shape(writer, bert):
    writer.add_name("bench")
    writer.add_context_length(bert.positions)
    writer.add_embedding_length(bert.hidden)
    writer.add_block_count(bert.layers)
    writer.add_feed_forward_length(bert.intermediate)
    writer.add_head_count(bert.heads)
    writer.add_layer_norm_eps(bert.epsilon)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.CLS if bert.cls_pooling else gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def add_tensors(writer, bert):
    def add(name, source):
        writer.add_tensor(name, np.ascontiguousarray(bert[source]))

    add("token_embd.weight", "embeddings.word_embeddings.weight")
    add("position_embd.weight", "embeddings.position_embeddings.weight")
    add("token_types.weight", "embeddings.token_type_embeddings.weight")
    for end in ("weight", "bias"):
        add(f"token_embd_norm.{end}", f"embeddings.LayerNorm.{end}")
        for i in range(bert.layers):
            for source, name in LAYER_PARTS.items():
                add(f"blk.{i}.{name}.{end}", f"encoder.layer.{i}.{source}.{end}")


def convert(folder, path):
    bert = Bert(folder)
    writer = gguf.GGUFWriter(str(path), "bert")
    add_shape(writer, bert)
    add_tokenizer(writer, bert)
    add_tensors(writer, bert)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
