#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the README's table of models that work: each family's tiny models (SHARED_DIR/reference/families), the tiny sparse ones
(tests/data/models/sparse.json), all-MiniLM-L6-v2 and all-mpnet-base-v2, served in float32 and compared with what sentence-transformers
gives; with all-mpnet-base-v2, now, so that it must be there (see check_mpnet.py, which also gets the model).

    SHARED_DIR=... NESTD_MODEL=... python tests/models/list_models.py --binary build/plain/server/nestd --mpnet build/all-mpnet-base-v2"""
import argparse
import collections
import csv
import json
import math
import os
import pathlib
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'http')]

import check_mpnet  # noqa: E402
import sparse_models  # noqa: E402
import tiny_models  # noqa: E402
from harness import Server  # noqa: E402


def ask(server, path, **body):
    reply = server.post(path, body)
    assert reply.status == 200, reply.body
    return reply.json()


def embed(server, texts):
    return np.array([row['embedding'] for row in ask(server, '/v1/embeddings', input=texts)['data']])


def try_tiny(server, folder, texts):
    """What nestd gives, and what it should."""
    expected = json.loads((folder / 'expected.json').read_text())
    if (folder / 'expected.f32').exists():
        return embed(server, texts), np.fromfile(folder / 'expected.f32', '<f4').reshape(len(texts), -1)
    if 'passages' not in expected:
        return None
    wanted = expected['logits'] if 'logits' in expected else [[score] for score in expected['scores']]
    if len(wanted[0]) > 1:
        return None
    rows = ask(server, '/rerank', query=expected['query'], texts=expected['passages'], raw_scores=True)
    scores = [row['score'] for row in sorted(rows, key=lambda row: row['index'])]
    return np.array([scores]), np.array([[row[0] for row in wanted]])


def try_sparse(server, row):
    found = np.zeros((len(row['texts']), sparse_models.VOCABULARY))
    expected = np.zeros_like(found)
    for i, values in enumerate(ask(server, '/embed_sparse', inputs=[text['ids'] for text in row['texts']])):
        found[i, [value['index'] for value in values]] = [value['value'] for value in values]
        expected[i, list(map(int, row['texts'][i]['vector']))] = list(row['texts'][i]['vector'].values())
    return found, expected


def try_minilm(server, shared):
    with open(shared / 'data/sts/stsb-en-test.csv', encoding='utf-8', newline='') as file:
        texts = [text for row in list(csv.reader(file))[:100] for text in row[:2]]
    expected = np.fromfile(shared / 'data/golden/minilm_fp16_stsb_en_test.f32', '<f4').reshape(-1, 384)
    return embed(server, texts), expected[:len(texts)]


def try_mpnet(server, shared, folder):
    texts = check_mpnet.texts_of(shared / 'data')
    return embed(server, texts), check_mpnet.reference_vectors(folder, texts)


def change_json(path, **keys):
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def serve(binary, folder, attempt):
    server = Server(binary, folder, '--dtype', 'float32', '--threads', '1').wait_ready()
    try:
        return attempt(server)
    finally:
        server.stop()


def models(shared, mpnet, work):
    """(name, folder, what to do with its server)"""
    texts = tiny_models.texts(shared / 'data')
    for source in sorted((shared / 'reference/families/families').iterdir()):
        folder = tiny_models.make(shared / 'data', source.name, work)
        if source.name == 'rank-qwen3':  # its longest passage is longer than its folder allows
            change_json(folder / 'config.json', max_position_embeddings=1024)
            change_json(folder / 'tokenizer_config.json', model_max_length=1024)
        yield source.name, folder, lambda server, folder=folder: try_tiny(server, folder, texts)
    for name, row in sparse_models.rows().items():
        folder = work / f'sparse-{name}'
        sparse_models.write(folder, row)
        yield f'sparse-{name}', folder, lambda server, row=row: try_sparse(server, row)
    yield 'all-MiniLM-L6-v2', pathlib.Path(os.environ['NESTD_MODEL']), lambda server: try_minilm(server, shared)
    yield 'all-mpnet-base-v2', mpnet, lambda server: try_mpnet(server, shared, mpnet)


def model_type(folder):
    path = folder / 'config.json'
    return json.loads(path.read_text())['model_type'] if path.exists() else 'StaticEmbedding'


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--binary', required=True, help='nestd')
    p.add_argument('--mpnet', required=True, type=pathlib.Path, help='the folder of all-mpnet-base-v2')
    o = p.parse_args()
    rows = collections.defaultdict(lambda: [[], 1.0, 0.0])
    with tempfile.TemporaryDirectory() as work:
        for name, folder, attempt in models(pathlib.Path(os.environ['SHARED_DIR']), o.mpnet, pathlib.Path(work)):
            try:
                result = serve(os.path.abspath(o.binary), folder, attempt)
            except AssertionError as problem:
                print(f'{name}: {str(problem)[:200]}', file=sys.stderr)
                continue
            if result is None:
                continue
            found, expected = result
            cosines = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
            row = rows[model_type(folder)]
            row[0].append(name)
            row[1] = min(row[1], np.nanmin(cosines))
            row[2] = max(row[2], (np.abs(found - expected).max(1) / np.maximum(1, np.abs(expected).max(1))).max())
    print('| `model_type` | tried | lowest cosine | largest difference |\n|---|---|---|---|')
    for kind, (names, cosine, difference) in sorted(rows.items(), key=lambda item: item[0].lower()):
        print(f'| `{kind}` | {", ".join(names)} | {cosine:.7f} | under 1e{math.floor(math.log10(difference)) + 1} |')


if __name__ == '__main__':
    sys.exit(main())
