#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""LanceDB: a column of bits that is searched by Hamming distance, and one of int8 by which the best are scored again.

    pip install numpy lancedb
    store_lancedb.py CORPUS.txt QUERIES.txt"""
import sys
import tempfile

import lancedb
import numpy as np
import pyarrow as pa

from nestd import embed, exact_search, read_lines, recall

K = 10
CANDIDATES = 100


def column(vectors, kind):
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1), kind), vectors.shape[1])


def main(corpus_path, queries_path):
    corpus, queries = read_lines(corpus_path), read_lines(queries_path)
    float_queries = embed(queries)
    exact = exact_search(float_queries, embed(corpus), K)
    rows = pa.table({
        'id': pa.array(range(len(corpus))),
        'text': corpus,
        'bits': column(embed(corpus, 'ubinary'), pa.uint8()),
        'whole': column(embed(corpus, 'int8'), pa.int8()),
    })
    with tempfile.TemporaryDirectory() as folder:
        table = lancedb.connect(folder).create_table('texts', rows)
        by_bits, rescored = [], []
        for query, bits in zip(float_queries, embed(queries, 'ubinary')):
            search = table.search(bits, vector_column_name='bits').distance_type('hamming').limit(CANDIDATES)
            found = search.select(['id', 'whole', '_distance']).to_arrow()
            ids = found['id'].to_numpy()
            whole = np.array(found['whole'].to_pylist(), np.float32)
            by_bits.append(ids[:K].tolist())
            rescored.append(ids[np.argsort(-(whole @ query))[:K]].tolist())
    print(f'bits: recall@10 {recall(by_bits, exact):.3f}')
    print(f'bits, {CANDIDATES} rescored by int8: recall@10 {recall(rescored, exact):.3f}')


if __name__ == '__main__':
    main(*sys.argv[1:])
