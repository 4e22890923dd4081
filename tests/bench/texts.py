# SPDX-License-Identifier: Apache-2.0
"""The texts: SciFact abstracts and STS sentences in file order where the data is there, else made
up with a seed."""

import csv
import json
import os
import pathlib
import random

ROOT = pathlib.Path(__file__).resolve().parents[2]
N_MADE_UP = 6000
SENTENCES_PER_ABSTRACT = 2


def read_abstracts(data):
    with open(data / "retrieval" / "scifact" / "corpus.jsonl", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield f"{row['title']} {row['text']}"


def read_sentences(data):
    with open(data / "sts" / "stsb-en-test.csv", newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            yield from row[:2]


def make_up(words_of_text, rng):
    """Texts of made-up words, whose lengths are drawn by words_of_text()."""
    letters = "etaoinshrdlucmfwygpb"
    weights = range(len(letters), 0, -1)
    for _ in range(N_MADE_UP):
        lengths = [rng.randint(2, 9) for _ in range(words_of_text())]
        yield " ".join("".join(rng.choices(letters, weights, k=n)) for n in lengths)


def each_once(texts):
    """The same text twice in the queue would be encoded once."""
    return list(dict.fromkeys(texts))


class Texts:
    def __init__(self):
        data = pathlib.Path(os.environ.get("SHARED_DIR", ROOT.parent / "shared")) / "data"
        if (data / "retrieval" / "scifact" / "corpus.jsonl").is_file():
            self.source = "SciFact abstracts and STS benchmark sentences, in file order"
            self.abstracts = each_once(read_abstracts(data))
            self.sentences = each_once(read_sentences(data))
        else:
            rng = random.Random(1)
            self.source = "made-up texts (seed 1), as long as abstracts and as sentences"
            self.abstracts = each_once(make_up(lambda: rng.randint(60, 250), rng))
            self.sentences = each_once(make_up(lambda: rng.randint(5, 20), rng))

    def mixed(self, n_abstracts, skip=0):
        """n abstracts, two sentences after each."""
        mixed = []
        for i in range(skip, skip + n_abstracts):
            sentence = SENTENCES_PER_ABSTRACT * i
            mixed.append(self.abstracts[i])
            mixed += self.sentences[sentence : sentence + SENTENCES_PER_ABSTRACT]
        return mixed
