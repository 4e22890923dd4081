# SPDX-License-Identifier: Apache-2.0
"""What nestd evaluate should find, in NumPy and by definition: rankings with ties by id, the figures of
sentence-transformers' InformationRetrievalEvaluator, correlations, and the bootstrap."""

import numpy as np

METRICS = (
    [f"accuracy@{k}" for k in (1, 3, 5, 10)]
    + [f"precision@{k}" for k in (1, 3, 5, 10)]
    + [f"recall@{k}" for k in (1, 3, 5, 10)]
    + ["ndcg@10", "mrr@10", "map@100"]
)
SIMILARITIES = ["cosine", "dot", "euclidean", "manhattan"]


def cut(vectors, n_dims):
    part = vectors[:, :n_dims].astype(np.float64)
    return (part / np.linalg.norm(part, axis=1, keepdims=True)).astype(np.float32)


def stored(vectors, dtype):
    """The numbers that are compared: bits as +1 and -1."""
    if dtype == "float32":
        return vectors.astype(np.float64)
    if dtype == "int8":
        return np.clip(np.rint(np.float32(127) * vectors), -128, 127).astype(np.float64)
    return np.where(vectors > 0, 1.0, -1.0)


def cosines(a, b):
    return (a @ b.T) / np.linalg.norm(a, axis=1)[:, None] / np.linalg.norm(b, axis=1)


def best(scores, depth):
    """Indices by falling score; documents are in the order of their ids, so equal scores keep it."""
    return np.argsort(-scores.astype(np.float32), kind="stable")[:depth]


def rank(queries, documents, dtype, depth=100):
    depth = min(depth, len(documents))
    bits = stored(documents, "binary")
    if dtype in ("float32", "int8"):
        scores = cosines(stored(queries, dtype), stored(documents, dtype))
        return [best(row, depth) for row in scores]
    near = stored(queries, "binary") @ bits.T  # falls as Hamming's distance grows
    if dtype == "binary":
        return [best(row, depth) for row in near]
    rankings = []
    for query, row in zip(queries.astype(np.float64), near):
        candidates = np.sort(best(row, 4 * depth))
        rankings.append(candidates[best(bits[candidates] @ query, depth)])
    return rankings


def measure(ranking, relevant, n_relevant):
    """The figures of one query, in METRICS' order; `relevant` are indices, n_relevant counts those that the corpus lacks."""
    hits = np.array([document in relevant for document in ranking], dtype=float)
    ranks = np.arange(1, len(hits) + 1)
    accuracy = [float(hits[:k].any()) for k in (1, 3, 5, 10)]
    precision = [hits[:k].sum() / k for k in (1, 3, 5, 10)]
    recall = [hits[:k].sum() / n_relevant for k in (1, 3, 5, 10)]
    gains = 1 / np.log2(np.arange(2, 12))
    ndcg = (hits[:10] * gains[: len(hits[:10])]).sum() / gains[: min(10, n_relevant)].sum()
    first = np.flatnonzero(hits[:10])
    mrr = 1 / (first[0] + 1) if len(first) else 0.0
    precisions = np.cumsum(hits[:100]) / ranks[:100]
    average = (precisions * hits[:100]).sum() / min(100, n_relevant)
    return accuracy + precision + recall + [ndcg, mrr, average]


def measure_all(queries, documents, dtype, relevant, n_relevant):
    """[queries, METRICS]"""
    rankings = rank(queries, documents, dtype)
    return np.array([measure(*one) for one in zip(rankings, relevant, n_relevant)])


def draws(seed, n_resamples, n):
    """[n_resamples, n]: splitmix64's high halves, times n."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n_resamples * n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (((z >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32)).astype(int).reshape(n_resamples, n)


def interval(figures):
    return np.percentile(figures, [2.5, 97.5], axis=0)


def ranks(values):
    """From 1; equal values share the mean of their ranks."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[group]


def pearson(a, b):
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    return np.corrcoef(a, b)[0, 1]


def correlations(left, right, scores):
    """Pearson and Spearman by each similarity in turn."""
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    products = np.sum(left * right, axis=1)
    close = [
        products / lengths,
        products,
        -np.linalg.norm(left - right, axis=1),
        -np.abs(left - right).sum(axis=1),
    ]
    out = []
    for values in close:
        values = values.astype(np.float32).astype(np.float64)
        out += [pearson(values, scores), pearson(ranks(values), ranks(scores))]
    return np.array(out)
