#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""evaluator.py FILE.npz: what sentence-transformers' own evaluators make of vectors, as JSON on stdout: {"DIMS": {metric: value}}.
FILE holds `task` (retrieval or sts), `dims`, left and right vectors, and relevant[query] as JSON, or scores. Runs where
sentence-transformers is installed; test_evaluate.py calls it."""
import json
import sys

import numpy as np
import torch
from sentence_transformers import util
from sentence_transformers.sentence_transformer import evaluation


class Model:
    """A model that answers with the vectors it was given."""

    similarity_fn_name = 'cosine'
    similarity = staticmethod(util.cos_sim)

    class model_card_data:
        set_evaluation_metrics = staticmethod(lambda *arguments, **more: None)

    def __init__(self, vectors):
        self.vectors = vectors

    def encode_query(self, sentences, truncate_dim=None, **more):
        return torch.tensor(self.vectors[:, :truncate_dim])

    def encode(self, sentences, truncate_dim=None, **more):
        return self.vectors[[int(sentence) for sentence in sentences], :truncate_dim]


def retrieval(data, dims):
    ids = {side: [str(one) for one in data[side + '_ids']] for side in ('left', 'right')}
    relevant = {key: set(documents) for key, documents in json.loads(str(data['relevant'])).items()}
    evaluator = evaluation.InformationRetrievalEvaluator(
        dict.fromkeys(ids['left'], ''), dict.fromkeys(ids['right'], ''), relevant, truncate_dim=dims, write_csv=False)
    evaluator.score_functions = {'cosine': util.cos_sim}
    scores = evaluator.compute_all_metrics(Model(data['left']), corpus_embeddings=torch.tensor(data['right'][:, :dims]))
    return {f'cosine_{metric.replace("@k", f"@{k}")}': float(value)
            for metric, by_k in scores['cosine'].items() for k, value in by_k.items()}


def sts(data, dims):
    n = len(data['scores'])
    numbers = [str(i) for i in range(2 * n)]
    evaluator = evaluation.EmbeddingSimilarityEvaluator(
        numbers[:n], numbers[n:], data['scores'].tolist(), write_csv=False, truncate_dim=dims,
        similarity_fn_names=['cosine', 'dot', 'euclidean', 'manhattan'])
    evaluator.store_metrics_in_model_card_data = lambda *arguments, **more: None
    return {name: float(value) for name, value in evaluator(Model(np.concatenate([data['left'], data['right']]))).items()}


def main():
    torch.set_num_threads(1)  # more of them spin while they wait for each other, beside other tests
    data = np.load(sys.argv[1])
    task = {'retrieval': retrieval, 'sts': sts}[str(data['task'])]
    print(json.dumps({str(dims): task(data, int(dims)) for dims in data['dims']}))


if __name__ == '__main__':
    main()
