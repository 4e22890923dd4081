#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what the unit tests of engine/model/ and engine/vector/similarity.c read, under tests/data/models/:

    tiny-*/         model folders of a few kilobytes, each with expected.json: some token ids, their vector and the hidden
                    states after each layer by reference.py and, for some tensors, a few stored values as the package
                    `safetensors` reads them
    pooling.inc     token vectors and what each pooling makes of them, in float64
    similarity.inc  vectors and how close they are, in float64

Needs NumPy and the package `safetensors`. Committed with what it makes; the same everywhere."""
import json
import os

import numpy as np
import safetensors

import make_random_model
import reference

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data', 'models')
SIZES = ['--hidden', '12', '--layers', '2', '--heads', '3', '--intermediate', '20', '--vocab', '60',
         '--positions', '24', '--no-tokenizer-json']
TINY = {
    'tiny-mean': ['--max-seq-length', '16', '--similarity', 'dot'],
    'tiny-cls': ['--dtype', 'float16', '--prefix', '--pooling', 'cls', '--normalize', '--spelling', 'new', '--seed', '2',
                 '--prompt', 'query=find: ', '--prompt', 'document=', '--default-prompt-name', 'query',
                 '--matryoshka', '12,4,8', '--act', 'gelu_new', '--max-seq-length', '20'],
    'tiny-sharded': ['--dtype', 'bfloat16', '--shards', '3', '--pooling', 'weightedmean,cls', '--spelling', 'new',
                     '--seed', '3', '--act', 'relu', '--eps', '1e-5', '--exclude-prompt'],
    'tiny-distilbert': ['--family', 'distilbert', '--prefix', '--pooling', 'cls', '--seed', '5', '--max-seq-length', '20'],
    'tiny-plain': ['--no-modules', '--seed', '4', '--types', '1'],
}
IDS = [2, 17, 9, 44, 3]
TENSORS = ['embeddings.word_embeddings.weight', 'encoder.layer.1.output.dense.weight',
           'encoder.layer.0.attention.output.LayerNorm.bias', 'encoder.layer.1.attention.self.value.bias']


def stored_values(folder, name):
    """[index, value] of the first, second and last element; the official reader finds them."""
    for file_name in sorted(os.listdir(folder)):
        if file_name.endswith('.safetensors'):
            with open(os.path.join(folder, file_name), 'rb') as file:
                for key, about in safetensors.deserialize(file.read()):
                    if key.removeprefix('bert.').removeprefix('distilbert.') == name:
                        values = widen(about['dtype'], about['data'])
                        return [[i, values[i]] for i in (0, 1, values.size - 1)]
    raise KeyError(name)


def widen(dtype, data):
    if dtype == 'BF16':
        return (np.frombuffer(data, '<u2').astype('<u4') << 16).view('<f4').astype(np.float64)
    return np.frombuffer(data, {'F32': '<f4', 'F16': '<f2'}[dtype]).astype(np.float64)


def make_tiny(name, arguments):
    folder = os.path.join(DATA, name)
    make_random_model.make([folder, *SIZES, *arguments])
    layers = reference.Model(folder).hidden_states(IDS)[1:]
    expected = {'ids': IDS, 'vector': reference.encode(folder, IDS).tolist(),
                'layers': [tokens.tolist() for tokens in layers],
                'tensors': {tensor: stored_values(folder, tensor) for tensor in TENSORS if name != 'tiny-distilbert'}}
    with open(os.path.join(folder, 'expected.json'), 'w', encoding='utf-8') as file:
        file.write('{\n' + ',\n'.join(f' "{key}": {json.dumps(value)}' for key, value in expected.items()) + '\n}')
        file.write('\n')


def c_array(values):
    return '{' + ', '.join(f'{v:.17g}' for v in np.ravel(values)) + '}'


def write_inc(name, what, rows):
    with open(os.path.join(DATA, name), 'w', encoding='utf-8') as file:
        file.write(f'/* SPDX-License-Identifier: Apache-2.0\n *\n * {what} Made by tests/models/make_test_data.py. */\n')
        file.writelines(row + '\n' for row in rows)


def make_pooling():
    rng = np.random.default_rng(7)
    rows = []
    for n_tokens, hidden, n_skipped, modes in (
            [(5, 3, 0, [mode]) for mode in make_random_model.MODES] +
            [(5, 3, 2, [mode]) for mode in make_random_model.MODES] +
            [(1, 4, 0, list(make_random_model.MODES)), (40, 19, 0, list(make_random_model.MODES)),
             (7, 16, 6, ['lasttoken', 'mean', 'cls']), (9, 17, 0, ['max', 'weightedmean'])]):
        tokens = rng.normal(size=(n_tokens, hidden)).astype(np.float32)
        vector = reference.pool(tokens.astype(np.float64), modes, n_skipped)
        names = ', '.join(f'"{mode}"' for mode in modes)
        rows.append(f'{{{n_tokens}, {hidden}, {n_skipped}, {{{names}}},\n {c_array(tokens)},\n {c_array(vector)}}},')
    write_inc('pooling.inc', 'n_tokens, hidden_size, n_skipped, modes, tokens, expected.', rows)


def make_similarity():
    rng = np.random.default_rng(8)
    rows = []
    for n, scale in ((1, 1), (3, 1), (64, 1e-3), (37, 1e4), (5, 0)):
        a, b = (rng.normal(size=(2, n)) * scale).astype(np.float32).astype(np.float64)
        norms = max(np.linalg.norm(a), 1e-12) * max(np.linalg.norm(b), 1e-12)
        scores = [a @ b / norms, a @ b, -np.linalg.norm(a - b), -np.abs(a - b).sum()]
        rows.append(f'{{{n},\n {c_array(a)},\n {c_array(b)},\n {c_array(scores)}}},')
    write_inc('similarity.inc', 'n_dims, a, b, {cosine, dot, -euclidean, -manhattan}.', rows)


if __name__ == '__main__':
    for tiny_name, tiny_arguments in TINY.items():
        make_tiny(tiny_name, tiny_arguments)
    make_pooling()
    make_similarity()
