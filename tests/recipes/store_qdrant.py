#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Qdrant, in its local mode: uint8, which is int8 plus 128. Adding the same to every number changes cosines but no distance, and
among vectors of one length the nearest are those with the largest cosine: so the distance is Euclid's.

    pip install numpy qdrant-client
    store_qdrant.py CORPUS.txt QUERIES.txt"""
import sys

from qdrant_client import QdrantClient, models

from nestd import embed, exact_search, read_lines, recall

K = 10


def main(corpus_path, queries_path):
    corpus, queries = read_lines(corpus_path), read_lines(queries_path)
    exact = exact_search(embed(queries), embed(corpus), K)

    client = QdrantClient(':memory:')
    vectors = embed(corpus, 'uint8')
    params = models.VectorParams(size=vectors.shape[1], distance=models.Distance.EUCLID, datatype=models.Datatype.UINT8)
    client.create_collection('texts', vectors_config=params)
    client.upload_collection('texts', vectors=vectors, payload=[{'text': text} for text in corpus], ids=range(len(corpus)))
    found = []
    for query in embed(queries, 'uint8'):
        points = client.query_points('texts', query=query.astype(float).tolist(), limit=K).points
        found.append([point.id for point in points])
    print(f'uint8: recall@10 {recall(found, exact):.3f}')


if __name__ == '__main__':
    main(*sys.argv[1:])
