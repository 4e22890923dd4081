# SPDX-License-Identifier: Apache-2.0
"""Models with random weights of the shapes that families are served in, and with few layers: every
layer costs the same, so that shares and ratios are the whole model's but for its embeddings."""

import dataclasses
import shutil

BASE = {
    "hidden_size": 768,
    "num_hidden_layers": 2,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
LARGE = {**BASE, "hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 4096}
MODERN = {**BASE, "num_hidden_layers": 3, "intermediate_size": 1152}  # one layer is global
QWEN = {
    **LARGE,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "intermediate_size": 3072,
}
N_POSITIONS = 514
MAX_TOKENS = 512


@dataclasses.dataclass(frozen=True)
class Shape:
    kind: str  # its class of transformers
    settings: dict
    pooling: str
    bert: str  # the BERT of its size
    points: int  # how far below that one's its share of the roof may be


SHAPES = {
    "bert-base": Shape("BertConfig", BASE, "mean", "bert-base", 0),
    "bert-large": Shape("BertConfig", LARGE, "mean", "bert-large", 0),
    "xlm-roberta-base": Shape("XLMRobertaConfig", BASE, "cls", "bert-base", 5),
    "mpnet-base": Shape("MPNetConfig", BASE, "mean", "bert-base", 5),
    "modernbert-base": Shape("ModernBertConfig", MODERN, "cls", "bert-base", 10),
    "nomic": Shape("NomicBertConfig", BASE, "mean", "bert-base", 10),
    "qwen3": Shape("Qwen3Config", QWEN, "lasttoken", "bert-large", 10),
}


def describe(name):
    return f"{name}'s shape, {SHAPES[name].settings['num_hidden_layers']} layers, random weights"


def randomise(model):
    """Activations stay about as large from layer to layer."""
    import torch

    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, parameter.shape[-1] ** -0.5)
    return model.eval()


def save_bare(name, folder, tokenizer):
    import torch
    import transformers

    shape = SHAPES[name]
    torch.manual_seed(1)
    ids = {"pad_token_id": 0, "bos_token_id": 101, "eos_token_id": 102}
    config = getattr(transformers, shape.kind)(
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=N_POSITIONS,
        **ids,
        **shape.settings,
    )
    randomise(transformers.AutoModel.from_config(config)).save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=MAX_TOKENS,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)


def make(name, folder, minilm):
    """As sentence-transformers saves it, with the tokenizer of the folder `minilm`, so that all
    shapes see the same tokens."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from tokenizers import Tokenizer

    bare, partial = folder.with_suffix(".bare"), folder.with_suffix(".partial")
    for path in (bare, partial):
        shutil.rmtree(path, ignore_errors=True)
    tokenizer = Tokenizer.from_file(str(minilm / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    save_bare(name, bare, tokenizer)
    transformer = Transformer(str(bare))
    pooling = Pooling(transformer.get_embedding_dimension(), SHAPES[name].pooling)
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(str(partial))
    shutil.rmtree(bare)
    partial.rename(folder)
