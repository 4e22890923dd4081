#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SQLite with sqlite-vec: a table with a column of bits and one of int8, and both steps in one query.

    pip install numpy sqlite-vec apsw
    store_sqlite_vec.py CORPUS.txt QUERIES.txt

(apsw brings a SQLite that loads extensions; Debian's own sqlite3 module does too, not every Python's.)"""
import sys

import apsw
import sqlite_vec

from nestd import embed, exact_search, read_lines, recall

K = 10
CANDIDATES = 100
SEARCH = """
with candidates as (
  select rowid, whole from texts where bits match vec_bit(:bits) and k = :candidates
)
select rowid from candidates order by vec_distance_cosine(whole, vec_int8(:whole)) limit :k"""


def main(corpus_path, queries_path):
    corpus, queries = read_lines(corpus_path), read_lines(queries_path)
    exact = exact_search(embed(queries), embed(corpus), K)
    bits, whole = embed(corpus, 'ubinary'), embed(corpus, 'int8')

    base = apsw.Connection(':memory:')
    base.enable_load_extension(True)
    base.load_extension(sqlite_vec.loadable_path())
    base.execute(f'create virtual table texts using vec0(bits bit[{whole.shape[1]}], whole int8[{whole.shape[1]}])')
    with base:
        base.executemany('insert into texts(rowid, bits, whole) values (?, vec_bit(?), vec_int8(?))',
                         ((i, bits[i].tobytes(), whole[i].tobytes()) for i in range(len(corpus))))
    by_bits, rescored = [], []
    for some_bits, some in zip(embed(queries, 'ubinary'), embed(queries, 'int8')):
        values = {'bits': some_bits.tobytes(), 'whole': some.tobytes(), 'candidates': CANDIDATES, 'k': K}
        rows = base.execute('select rowid from texts where bits match vec_bit(:bits) and k = :k order by distance', values)
        by_bits.append([row[0] for row in rows])
        rescored.append([row[0] for row in base.execute(SEARCH, values)])
    print(f'bits: recall@10 {recall(by_bits, exact):.3f}')
    print(f'bits, {CANDIDATES} rescored by int8: recall@10 {recall(rescored, exact):.3f}')


if __name__ == '__main__':
    main(*sys.argv[1:])
