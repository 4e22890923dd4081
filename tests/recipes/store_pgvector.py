#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL with pgvector (0.7 or later: Debian 13's postgresql-17-pgvector): a column of bits with an index by Hamming distance,
one of half-precision numbers by which the best are scored again, and both steps in one query.

    apt install postgresql-17-pgvector; pip install numpy 'psycopg[binary]'
    store_pgvector.py 'host=127.0.0.1 user=me dbname=mine' CORPUS.txt QUERIES.txt

pgvector has no int8. half is what comes nearest: 2 bytes a number, and int8's whole numbers are exact in it."""
import sys

import numpy as np
import psycopg

from nestd import embed, exact_search, read_lines, recall

K = 10
CANDIDATES = 100
SEARCH = """
with candidates as materialized (
  select id, whole from texts order by bits <~> %(bits)s::bit({n}) limit %(candidates)s
)
select id from candidates order by whole <#> %(whole)s::halfvec({n}) limit %(k)s"""


def as_bits(row):
    return ''.join(map(str, np.unpackbits(row)))


def as_vector(row):
    return '[' + ','.join(map(str, row.tolist())) + ']'


def main(address, corpus_path, queries_path):
    corpus, queries = read_lines(corpus_path), read_lines(queries_path)
    exact = exact_search(embed(queries), embed(corpus), K)
    bits, whole = embed(corpus, 'ubinary'), embed(corpus, 'int8')
    n = whole.shape[1]

    with psycopg.connect(address) as base:
        base.execute('create extension if not exists vector')
        base.execute(f'create temporary table texts (id int, bits bit({n}), whole halfvec({n}))')
        with base.cursor().copy('copy texts from stdin') as copy:
            for i in range(len(corpus)):
                copy.write_row((i, as_bits(bits[i]), as_vector(whole[i])))
        base.execute('create index on texts using hnsw (bits bit_hamming_ops)')
        base.execute(f'set hnsw.ef_search = {2 * CANDIDATES}')
        by_bits, rescored = [], []
        for some_bits, some in zip(embed(queries, 'ubinary'), embed(queries, 'int8')):
            values = {'bits': as_bits(some_bits), 'whole': as_vector(some), 'candidates': CANDIDATES, 'k': K}
            rows = base.execute(f'select id from texts order by bits <~> %(bits)s::bit({n}) limit %(k)s', values)
            by_bits.append([row[0] for row in rows])
            rescored.append([row[0] for row in base.execute(SEARCH.format(n=n), values)])
    print(f'bits: recall@10 {recall(by_bits, exact):.3f}')
    print(f'bits, {CANDIDATES} rescored by int8: recall@10 {recall(rescored, exact):.3f}')


if __name__ == '__main__':
    main(*sys.argv[1:])
