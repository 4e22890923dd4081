#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""FAISS: a bit for each number in a binary index, and the best of those again by int8.

    pip install numpy faiss-cpu
    store_faiss.py CORPUS.txt QUERIES.txt"""
import sys

import faiss
import numpy as np

from nestd import embed, exact_search, read_lines, recall

K = 10
CANDIDATES = 100


def rescore(queries, vectors, candidates):
    """The candidates by their dot products with float queries: int8 is 127 times the number, so the order is the same."""
    best = []
    for query, rows in zip(queries, candidates):
        scores = vectors[rows].astype(np.float32) @ query
        best.append(rows[np.argsort(-scores)[:K]].tolist())
    return best


def main(corpus_path, queries_path):
    corpus, queries = read_lines(corpus_path), read_lines(queries_path)
    float_queries = embed(queries)
    exact = exact_search(float_queries, embed(corpus), K)

    index = faiss.IndexBinaryHNSW(8 * embed(queries[:1], 'ubinary').shape[1], 32)
    index.hnsw.efSearch = 2 * CANDIDATES
    index.add(embed(corpus, 'ubinary'))
    _, candidates = index.search(embed(queries, 'ubinary'), CANDIDATES)
    print(f'bits: recall@10 {recall(candidates[:, :K].tolist(), exact):.3f}')
    print(f'bits, {CANDIDATES} rescored by int8: recall@10 {recall(rescore(float_queries, embed(corpus, "int8"), candidates), exact):.3f}')


if __name__ == '__main__':
    main(*sys.argv[1:])
