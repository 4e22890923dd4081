#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Chroma keeps float32 only. So it gets the first 128 numbers of each vector, a third of the memory, and the best of those are
scored again by the full vectors, which are kept beside it as int8.

    pip install numpy chromadb
    store_chroma.py CORPUS.txt QUERIES.txt"""
import sys

import chromadb
import numpy as np

from nestd import embed, exact_search, read_lines, recall

K = 10
CANDIDATES = 100
BATCH = 1000


def main(corpus_path, queries_path):
    corpus, queries = read_lines(corpus_path), read_lines(queries_path)
    float_queries = embed(queries)
    exact = exact_search(float_queries, embed(corpus), K)

    client = chromadb.EphemeralClient(chromadb.Settings(anonymized_telemetry=False))
    texts = client.create_collection('texts', configuration={'hnsw': {'space': 'ip', 'ef_search': 2 * CANDIDATES}})
    short = embed(corpus, dimensions=128)
    for first in range(0, len(corpus), BATCH):
        part = slice(first, first + BATCH)
        texts.add(ids=[str(i) for i in range(first, first + len(short[part]))], embeddings=short[part], documents=corpus[part])
    reply = texts.query(query_embeddings=embed(queries, dimensions=128), n_results=CANDIDATES, include=['distances'])
    candidates = [[int(key) for key in row] for row in reply['ids']]
    full = embed(corpus, 'int8')
    rescored = [np.array(rows)[np.argsort(-(full[rows].astype(np.float32) @ query))[:K]].tolist() for query, rows in zip(float_queries, candidates)]
    print(f'128 dimensions: recall@10 {recall([row[:K] for row in candidates], exact):.3f}')
    print(f'128 dimensions, {CANDIDATES} rescored by int8: recall@10 {recall(rescored, exact):.3f}')


if __name__ == '__main__':
    main(*sys.argv[1:])
