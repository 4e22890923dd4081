# SPDX-License-Identifier: Apache-2.0
"""What the page's numbers are held against, by NumPy: a JSON document from stdin, one to stdout.

{"task": "evaluate", "queries": vectors, "documents": vectors, "right": [[number]], "sizes": [n], "resamples": n}
gives {"float32 64": {"ndcg@10": [value, low, high]}}, where low and high bound the difference from full size by
resamples of NumPy's own generator. {"task": "map", "vectors": vectors} gives the two first principal components.
"""

import json
import sys

import numpy as np

RESCORED = 400


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-30)


def order(scores, depth):
    return np.argsort(-scores, axis=1, kind="stable")[:, :depth]


def rank(fmt, queries, documents):
    depth = min(100, len(documents))
    if fmt == "float32":
        return order((queries @ documents.T).astype(np.float32), depth)
    if fmt == "int8":
        q, d = (np.rint(127 * x).astype(np.float64) for x in (queries, documents))
        return order((unit(q) @ unit(d).T).astype(np.float32), depth)
    q, d = queries > 0, documents > 0
    near = order(-(q[:, None, :] != d[None, :, :]).sum(axis=2), depth if fmt == "binary" else RESCORED)
    if fmt == "binary":
        return near
    signs = np.where(d, 1.0, -1.0)
    rows = []
    for i, candidates in enumerate(near):
        candidates = np.sort(candidates)
        scores = (signs[candidates] @ queries[i]).astype(np.float32)
        rows.append(candidates[np.argsort(-scores, kind="stable")][:depth])
    return np.array(rows)


def measure(hits, right):
    """Each metric of each query, by its definition."""
    values = {}
    for found, relevant in zip(hits, map(set, right)):
        is_hit = np.array([d in relevant for d in found], float)
        precision = np.cumsum(is_hit) / np.arange(1, len(is_hit) + 1)
        own = {}
        for k in (1, 3, 5, 10):
            own[f"accuracy@{k}"] = is_hit[:k].max()
            own[f"precision@{k}"] = is_hit[:k].sum() / k
            own[f"recall@{k}"] = is_hit[:k].sum() / len(relevant)
        ideal = np.zeros(10)
        ideal[: min(10, len(relevant))] = 1
        discount = 1 / np.log2(np.arange(2, 12))
        gains = np.zeros(10)
        gains[: min(10, len(is_hit))] = is_hit[:10]
        own["ndcg@10"] = (gains * discount).sum() / (ideal * discount).sum()
        first = np.flatnonzero(is_hit[:10])
        own["mrr@10"] = 1 / (1 + first[0]) if len(first) else 0
        own["map@100"] = (precision * is_hit)[:100].sum() / min(100, len(relevant))
        for name, value in own.items():
            values.setdefault(name, []).append(value)
    return {name: np.array(each, float) for name, each in values.items()}


def evaluate(told):
    queries, documents = (np.array(told[name], np.float32).astype(np.float64) for name in ("queries", "documents"))
    draws = np.random.default_rng(7).integers(0, len(queries), (told["resamples"], len(queries)))
    rows, full = {}, None
    for fmt in ("float32", "int8", "binary", "binary-rescored"):
        for n in told["sizes"]:
            values = measure(rank(fmt, unit(queries[:, :n]), unit(documents[:, :n])), told["right"])
            full = full or values
            row = {}
            for name, each in values.items():
                differences = (each - full[name])[draws].mean(axis=1)
                row[name] = [each.mean(), *np.percentile(differences, [2.5, 97.5])]
            rows[f"{fmt} {n}"] = row
    return rows


def principal(told):
    x = np.array(told["vectors"], float)
    x -= x.mean(axis=0)
    _, s, v = np.linalg.svd(x, full_matrices=False)
    return {"points": (x @ v[:2].T).tolist(), "shares": (s[:2] ** 2 / (s**2).sum()).tolist()}


told = json.load(sys.stdin)
json.dump({"evaluate": evaluate, "map": principal}[told["task"]](told), sys.stdout)
