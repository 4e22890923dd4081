#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens per second of our tokenizer and of the official one, each on one thread, in processor time.

    tests/bench/tokenizer_speed.py --texts FILE FOLDER...

Each line of FILE is a text; each FOLDER has a tokenizer.json. Needs build/plain/tests/bench/bench_tokenizer and `pip install tokenizers`.
"""
import argparse
import os
import pathlib
import re
import subprocess
import time

os.environ['TOKENIZERS_PARALLELISM'] = 'false'
ROOT = pathlib.Path(__file__).resolve().parents[2]


def measure_ours(folder, texts):
    """(tokens, million tokens per second in the fastest round)"""
    tool = ROOT / 'build/plain/tests/bench/bench_tokenizer'
    line = subprocess.run([tool, folder, texts, '1'], capture_output=True, text=True, check=True).stdout
    tokens, speed = re.search(r'; (\d+) tokens, .* fastest ([\d.]+) Mtokens/s', line).groups()
    return int(tokens), float(speed)


def measure_officially(folder, texts):
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(f'{folder}/tokenizer.json')
    tokenizer.no_truncation()
    tokenizer.no_padding()
    lines = pathlib.Path(texts).read_text(encoding='utf-8').splitlines()
    best = float('inf')
    for _ in range(5):
        start = time.thread_time()
        n_tokens = sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(lines))
        best = min(best, time.thread_time() - start)
    return n_tokens, n_tokens / best / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--texts', required=True)
    parser.add_argument('folders', nargs='+', metavar='FOLDER')
    options = parser.parse_args()
    print(f'{"million tokens per second":<32} {"ours":>8} {"official":>8} {"ratio":>6}')
    for folder in options.folders:
        n_ours, ours = measure_ours(folder, options.texts)
        n_official, official = measure_officially(folder, options.texts)
        assert n_ours == n_official, f'{folder}: {n_ours} tokens, officially {n_official}'
        print(f'{pathlib.Path(folder).name:<32} {ours:8.2f} {official:8.2f} {ours / official:6.1f}')


if __name__ == '__main__':
    main()
