#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what the unit tests of engine/vector/{retrieval,correlation,bootstrap}.c read, under tests/data/models/:

    retrieval.inc    which hits are relevant, and what sentence-transformers' InformationRetrievalEvaluator makes of them
    correlation.inc  two rows of numbers and weights, and what SciPy makes of them: each pair is repeated by its weight
    bootstrap.inc    draws of splitmix64, and the means and intervals of resamples, by NumPy

Needs NumPy, SciPy and sentence-transformers (tests/run's stage variations has them). Committed with what it makes."""
import numpy as np
import scipy.stats
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator

from make_test_data import c_array, write_inc


def evaluate(relevant, n_relevant):
    hits = [{'corpus_id': str(i), 'score': -i} for i in range(len(relevant))]
    wanted = {str(i) for i, good in enumerate(relevant) if good}
    wanted |= {f'absent {i}' for i in range(n_relevant - len(wanted))}
    evaluator = InformationRetrievalEvaluator({'q': ''}, {'0': ''}, {'q': wanted})
    metrics = evaluator.compute_metrics([hits])
    return [value for by_k in metrics.values() for value in by_k.values()]


def make_retrieval():
    rng = np.random.default_rng(21)
    rows = []
    for n_hits, n_relevant, share in ((1, 1, 1), (1, 1, 0), (4, 2, .5), (10, 3, .2), (10, 10, 1), (11, 1, .1), (100, 7, .05),
                                      (100, 30, .2), (100, 250, .6), (130, 150, .9), (0, 2, 0), (100, 1, 0)):
        relevant = rng.random(n_hits) < share
        relevant[np.cumsum(relevant) > n_relevant] = False
        bits = ', '.join('01'[bool(r)] for r in relevant) or '0'
        rows.append(f'{{{n_hits}, {n_relevant},\n {{{bits}}},\n {c_array(evaluate(relevant, n_relevant))}}},')
    write_inc('retrieval.inc', 'n_hits, n_relevant, relevant, metrics in their order.', rows)


def make_correlation():
    rng = np.random.default_rng(22)
    rows = []
    for n, n_values, heaviest in ((2, 5, 1), (3, 2, 1), (20, 1000, 1), (40, 4, 1), (30, 6, 3), (40, 1000, 4)):
        x = rng.integers(0, n_values, n) / 8
        y = np.round(x + rng.normal(size=n), 2)
        weights = rng.integers(0 if heaviest > 1 else 1, heaviest + 1, n)
        pairs = np.repeat([x, y], weights, axis=1)
        ranks = scipy.stats.rankdata(pairs[0])
        expected = [scipy.stats.pearsonr(*pairs)[0], scipy.stats.spearmanr(*pairs)[0]]
        first = np.cumsum(weights) - weights
        ranks = [ranks[at] if weight else 0 for at, weight in zip(first, weights)]
        rows.append(f'{{{n},\n {c_array(x)},\n {c_array(y)},\n {c_array(weights)},\n {c_array(ranks)},\n {c_array(expected)}}},')
    write_inc('correlation.inc', 'n, x, y, weights, ranks of x, {Pearson, Spearman}.', rows)


def draws(seed, start, count, n):
    """Of splitmix64, in Python's whole numbers."""
    mask = (1 << 64) - 1
    out = []
    for i in range(start, start + count):
        z = (seed + (i + 1) * 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        out.append((((z ^ (z >> 31)) >> 32) * n) >> 32)
    return out


def make_bootstrap():
    rng = np.random.default_rng(23)
    rows = []
    for n, n_columns, n_resamples, seed, confidence in ((1, 1, 3, 0, 95), (7, 2, 20, 1, 95), (30, 3, 50, 1 << 63, 90)):
        values = np.round(rng.random((n, n_columns)), 3)
        indices = np.array(draws(seed, 0, n * n_resamples, n)).reshape(n_resamples, n)
        means = values[indices].mean(axis=1).T
        ends = [(100 - confidence) / 2, (100 + confidence) / 2]
        rows.append(f'{{{n}, {n_columns}, {n_resamples}, {seed}u, {confidence},\n {c_array(indices[:1])},\n {c_array(values)},\n'
                    f' {c_array(means)},\n {c_array(np.percentile(means, ends, axis=1).T)}}},')
    write_inc('bootstrap.inc', 'n, n_columns, n_resamples, seed, confidence, first draws, values, means, intervals.', rows)


if __name__ == '__main__':
    make_retrieval()
    make_correlation()
    make_bootstrap()
