# SPDX-License-Identifier: Apache-2.0
"""For peers that bring no loop of their own: texts tokenised, sorted by length, padded in
batches."""

import pathlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tokenizers import Tokenizer


class Batches:
    def __init__(self, folder, max_tokens):
        self.tokenizer = Tokenizer.from_file(str(pathlib.Path(folder) / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(max_tokens)

    def make(self, texts, size):
        """[(places, {input_ids, attention_mask})], the longest texts first"""
        rows = [row.ids for row in self.tokenizer.encode_batch_fast(texts)]
        order = sorted(range(len(rows)), key=lambda i: -len(rows[i]))
        return [self._pad(rows, order[at : at + size]) for at in range(0, len(order), size)]

    def cut(self, texts):
        """The texts without what the model would not see, for peers that cannot cut at its number
        of tokens."""
        cut = []
        for text, row in zip(texts, self.tokenizer.encode_batch(texts)):
            last = max((stop for _, stop in row.offsets), default=0)
            cut.append(text[:last] if row.overflowing else text)
        return cut

    @staticmethod
    def _pad(rows, places):
        lengths = [len(rows[place]) for place in places]
        ids = np.zeros((len(places), lengths[0]), np.int64)
        mask = np.zeros_like(ids)
        for i, place in enumerate(places):
            ids[i, : lengths[i]] = rows[place]
            mask[i, : lengths[i]] = 1
        return places, {"input_ids": ids, "attention_mask": mask}


def run(batches, n_texts, n_threads, encode):
    """encode(feed) -> vectors, called on n_threads threads; all vectors in the texts' order"""
    vectors = [None] * n_texts

    def encode_batch(batch):
        for place, vector in zip(batch[0], encode(batch[1])):
            vectors[place] = vector

    with ThreadPoolExecutor(n_threads) as pool:
        for _ in pool.map(encode_batch, batches):
            pass
    return np.array(vectors)
