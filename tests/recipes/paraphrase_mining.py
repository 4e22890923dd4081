#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds the pairs of texts that say the same: those with the largest cosines, above a score.

    pip install numpy
    paraphrase_mining.py requests.csv 0.5"""
import csv
import sys

import numpy as np

from nestd import embed

ROWS = 4096  # of the matrix at a time: 100,000 texts take 1.6 GB so, 40 GB at once


def mine(vectors, min_score):
    """(score, i, j) with i < j, the best first."""
    pairs = []
    for first in range(0, len(vectors), ROWS):
        scores = vectors[first:first + ROWS] @ vectors.T
        left, right = np.nonzero(scores >= min_score)
        pairs += [(float(scores[i, j]), first + int(i), int(j)) for i, j in zip(left, right) if first + i < j]
    return sorted(pairs, reverse=True)


def main(path, min_score):
    with open(path, encoding='utf-8', newline='') as file:
        texts = [row['text'] for row in csv.DictReader(file)]
    for score, i, j in mine(embed(texts), float(min_score)):
        print(f'{score:.3f} {texts[i]} | {texts[j]}')


if __name__ == '__main__':
    main(*sys.argv[1:])
