# SPDX-License-Identifier: Apache-2.0
"""What the recipes share: vectors from nestd as arrays, and how good a search is.

NESTD_URL is the server's address, NESTD_API_KEY a key, where it wants one."""
import base64
import json
import os
import urllib.request

import numpy as np

URL = os.environ.get('NESTD_URL', 'http://127.0.0.1:8080')
FORMATS = {'float': '<f4', 'int8': 'i1', 'uint8': 'u1', 'binary': 'i1', 'ubinary': 'u1'}
BATCH = 256


def embed(texts, output_dtype='float', **fields):
    """An array with a row for each text. `fields` are the request's: dimensions=128, input_type='query'."""
    rows = []
    for first in range(0, len(texts), BATCH):
        body = {'input': texts[first:first + BATCH], 'encoding_format': 'base64', 'output_dtype': output_dtype, **fields}
        headers = {'Content-Type': 'application/json', 'Authorization': f'Bearer {os.environ.get("NESTD_API_KEY", "any-key")}'}
        request = urllib.request.Request(f'{URL}/v1/embeddings', json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as reply:
            data = json.load(reply)['data']
        rows += [np.frombuffer(base64.b64decode(item['embedding']), FORMATS[output_dtype]) for item in data]
    return np.array(rows)


def read_lines(path):
    with open(path, encoding='utf-8') as file:
        return list(dict.fromkeys(line.strip() for line in file if line.strip()))


def exact_search(queries, corpus, k=10):
    """[query, k]: the rows of the corpus with the largest dot products, the best first."""
    return np.argsort(-(queries @ corpus.T), axis=1, kind='stable')[:, :k]


def recall(found, exact):
    """The share of the exact search's results that were found."""
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, exact.tolist())]))
