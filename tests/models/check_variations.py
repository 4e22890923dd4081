#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Variations of a tiny BERT folder (variations.py), each given to sentence-transformers and to nestd: the vectors of 20 texts
are equal to 1e-5, or nestd refuses the folder by file and key. There is no third outcome.

    pip install --no-deps -r tests/models/requirements.txt
    python tests/models/stand_in_for_cuda.py
    python tests/models/check_variations.py --binary build/plain/server/nestd

Ends with "N passed, N failed"; the exit status is 0 only if none failed."""
import argparse
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'http')]
os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_VERBOSITY='error', TOKENIZERS_PARALLELISM='false', TQDM_DISABLE='1')

import variations  # noqa: E402
from harness import Server  # noqa: E402

TOLERANCE = 1e-5


def by_library(folder, ask):
    """[text][number], one text at a time: padding is nobody's business here."""
    import torch
    from sentence_transformers import SentenceTransformer
    torch.set_num_threads(1)
    model = SentenceTransformer(str(folder), device='cpu')
    return model.encode(variations.TEXTS, batch_size=1, show_progress_bar=False, **ask).tolist()


def by_nestd(binary, folder, ask):
    """The vectors, or what it says where it does not serve the folder."""
    server = Server(binary, folder, '--threads', '1', '--dtype', 'float32')
    try:
        server.wait_ready()
    except AssertionError:
        server.wait()
        return None, server.log_text()
    try:
        reply = server.embed(input=variations.TEXTS, **ask)
    finally:
        server.stop()
    return [row['embedding'] for row in reply['data']], None


def compare(ours, theirs):
    """None where they are equal; else what is not."""
    if [len(row) for row in ours] != [len(row) for row in theirs]:
        return f'{len(ours[0])} numbers instead of {len(theirs[0])}'
    differences = [max(abs(a - b) for a, b in zip(x, y)) for x, y in zip(ours, theirs)]
    wrong = [i for i, difference in enumerate(differences) if not difference <= TOLERANCE]
    if wrong:
        shown = ', '.join(f'{variations.TEXTS[i]!r} by {differences[i]:.2g}' for i in wrong[:4])
        return f'{len(wrong)} texts differ: {shown}'
    return None


def check(binary, folder, variation):
    """None where all is well; else what is not."""
    ours, refusal = by_nestd(binary, folder, variation.ask)
    if variation.refusal:
        if ours:
            return 'is served, but should be refused'
        missing = [word for word in variation.refusal if word not in refusal]
        return f'the refusal does not name {" and ".join(missing)}: {refusal.strip()}' if missing else None
    if not ours:
        return f'is refused: {refusal.strip()}'
    try:
        theirs = by_library(folder, variation.ask)
    except Exception as fault:  # of whatever kind
        return f'the library fails: {type(fault).__name__}: {str(fault).strip()[:200]}'
    return compare(ours, theirs)


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--binary', required=True, help='nestd')
    p.add_argument('--only', default='', metavar='WORDS', help='the variations whose name holds these words')
    o = p.parse_args()
    failed = passed = 0
    with tempfile.TemporaryDirectory() as work:
        base = pathlib.Path(work) / 'base'
        variations.write_base(base)
        for i, variation in enumerate(variations.VARIATIONS):
            if o.only not in variation.name:
                continue
            folder = variations.Folder(pathlib.Path(work) / str(i))
            shutil.copytree(base, folder.path)
            for change in variation.changes:
                change(folder)
            complaint = check(os.path.abspath(o.binary), folder.path, variation)
            shutil.rmtree(folder.path)
            failed += bool(complaint)
            passed += not complaint
            if complaint:
                print(f'{variation.name}: {complaint}', flush=True)
    print(f'{passed} passed, {failed} failed')
    return 0 if passed and not failed else 1


if __name__ == '__main__':
    sys.exit(main())
