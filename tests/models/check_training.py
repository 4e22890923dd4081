#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train, serve, evaluate, as the author of a Matryoshka model does: tests/recipes/train_matryoshka.py trains MiniLM for a few steps
and saves it; then nestd serves the saved folder, and it is checked that

* the vectors are sentence-transformers' to 5e-6, at each size;
* /info tells what the card says that the trainer wrote: sizes, examples, and the table with the card's digits;
* nestd evaluate gives the table of InformationRetrievalEvaluator to 1e-6, by itself at the sizes that the card tells.

    pip install --no-deps -r tests/models/requirements.txt
    python tests/models/stand_in_for_cuda.py
    python tests/models/check_training.py --binary build/plain/server/nestd --base models/all-MiniLM-L6-v2-fp16

Ends with "N passed, N failed"; the exit status is 0 only if none failed."""
import argparse
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import yaml

HERE = pathlib.Path(__file__).resolve().parent
RECIPES = HERE.parent / 'recipes'
sys.path.insert(0, str(HERE.parent / 'http'))
os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_VERBOSITY='error', TOKENIZERS_PARALLELISM='false', TQDM_DISABLE='1')

from harness import Server, environment  # noqa: E402

SIZES = [384, 256, 128, 64]
TOLERANCE = 5e-6


def train(base, out):
    """On one thread, as check_vectors: PyTorch's spin while they wait for each other, beside other tests."""
    subprocess.run([sys.executable, RECIPES / 'train_matryoshka.py', base, RECIPES / 'perguntas.csv', out], check=True,
                   env={**os.environ, 'OMP_NUM_THREADS': '1'})


def read_texts():
    with open(RECIPES / 'perguntas.csv', encoding='utf-8', newline='') as file:
        return [text for row in csv.DictReader(file) for text in row.values()]


def check_vectors(server, folder):
    import torch
    from sentence_transformers import SentenceTransformer
    torch.set_num_threads(1)
    texts = read_texts()
    model = SentenceTransformer(str(folder), device='cpu')
    for size in SIZES:
        # The library cuts after its Normalize module, so it has to be told to do that again.
        theirs = model.encode(texts, truncate_dim=size, normalize_embeddings=True, show_progress_bar=False)
        ours = np.array([row['embedding'] for row in server.embed(input=texts, dimensions=size)['data']])
        difference = np.abs(ours - theirs).max()
        print(f'{len(texts)} texts at {size} dimensions: largest difference {difference:.2g}')
        assert difference <= TOLERANCE, difference


def check_card(server, folder):
    card = (folder / 'README.md').read_text(encoding='utf-8')
    written = card.split('---\n')[1]
    front_matter = yaml.load(written, Loader=yaml.BaseLoader)  # scalars as they are written
    info = server.get('/info').json()
    assert info['matryoshka_dims_trained'] == sorted(SIZES), info['matryoshka_dims_trained']
    assert info['matryoshka_dims'] == [], info['matryoshka_dims']
    assert info['examples'] == front_matter['widget'] and len(info['examples']) == 5, info['examples']
    assert info['notes'] == [], info['notes']
    results = front_matter['model-index'][0]['results']
    assert [row['dataset']['name'] for row in info['model_index']] == [f'dim {size}' for size in SIZES]
    assert [row['metrics'] for row in info['model_index']] == [row['metrics'] for row in results]
    values = [metric['value'] for row in info['model_index'] for metric in row['metrics']]
    assert values == re.findall(r'^ +value: (.*)$', written, re.M) and len(values) == 15 * len(SIZES)
    measured = json.loads((folder.parent / 'metrics.json').read_text())
    assert [float(value) for value in values] == list(measured.values())


def check_table(binary, folder):
    command = [binary, 'evaluate', '--model-id', folder, '--dtype', 'float32', '--data', folder.parent / 'data',
               '--output-dtype', 'float32', '--format', 'json']
    rows = json.loads(subprocess.run(command, env=environment(), check=True, capture_output=True).stdout)['rows']
    assert [row['dimensions'] for row in rows] == SIZES, rows
    ours = {f'dim_{row["dimensions"]}_{name}': metric['value'] for row in rows for name, metric in row['metrics'].items()}
    theirs = json.loads((folder.parent / 'metrics.json').read_text())
    assert ours.keys() == theirs.keys() and len(ours) == 15 * len(SIZES), (ours.keys() ^ theirs.keys())
    difference = max(abs(ours[name] - theirs[name]) for name in theirs)
    print(f'{len(ours)} metrics: largest difference {difference:.2g}')
    assert difference <= 1e-6, difference


def check(name, function, *arguments):
    try:
        function(*arguments)
    except Exception as fault:  # of whatever kind
        print(f'failed: {name}: {type(fault).__name__}: {fault}')
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', required=True)
    parser.add_argument('--base', required=True, help='the folder of all-MiniLM-L6-v2')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='nestd-training-') as out:
        train(options.base, out)
        folder = pathlib.Path(out, 'model')
        server = Server(options.binary, folder, '--dtype', 'float32').wait_ready()
        try:
            results = [check(f.__name__, f, server, folder) for f in (check_vectors, check_card)]
        finally:
            server.stop()
        results.append(check('check_table', check_table, options.binary, folder))
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed')
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
