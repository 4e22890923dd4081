#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds the lines of a file that answer a question, by the first 128 numbers of each vector and then by all of them.

    pip install numpy
    semantic_search.py CORPUS.txt 'a question'"""
import sys

import numpy as np

from nestd import embed, read_lines


def main(path, question):
    lines = read_lines(path)
    corpus = embed(lines, input_type='document')
    query = embed([question], input_type='query')[0]
    # The first numbers of a vector are a vector: no second request is needed. Only its length has to be made 1 again.
    short = corpus[:, :128] / np.linalg.norm(corpus[:, :128], axis=1, keepdims=True)
    candidates = np.argsort(-(short @ query[:128]))[:50]
    scores = corpus[candidates] @ query
    for i in np.argsort(-scores)[:5]:
        print(f'{scores[i]:.3f} {lines[candidates[i]]}')


if __name__ == '__main__':
    main(*sys.argv[1:])
