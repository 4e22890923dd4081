#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""BERT, DistilBERT and sentence-transformers' pooling in float64 NumPy: what nestd's vectors are compared with.

Written from the papers (arXiv 1810.04805, 1706.03762, 1606.08415) and from the observed behaviour of sentence-transformers,
sharing nothing with nestd. As a module:

    import reference
    vector = reference.encode(folder, ids, dims=256)        # or reference.Model(folder).encode(ids)

and from the command line (the second needs the package `tokenizers`):

    reference.py FOLDER 101 2023 102 [--dims N]
    reference.py FOLDER --text 'Hello' [--dims N]
"""
import argparse
import json
import math
import mmap
import os
import struct

import numpy as np

# --- erf -------------------------------------------------------------------------------------------
# Interpolates math.erf by a polynomial of degree 6 on each interval of 1/32 from 0 to 6 (beyond, erf is 1 in float64),
# at Chebyshev nodes; the largest error against math.erf is 4e-16, two units in the last place.
ERF_PER_UNIT, ERF_END, ERF_DEGREE = 32, 6, 6


def _erf_table():
    nodes = np.cos(np.pi * (np.arange(ERF_DEGREE + 1) + 0.5) / (ERF_DEGREE + 1))
    inverse = np.linalg.inv(np.vander(nodes, increasing=True))
    centres = (np.arange(ERF_PER_UNIT * ERF_END) + 0.5) / ERF_PER_UNIT
    middle = np.array([math.erf(c) for c in centres])
    values = np.array([[math.erf(c + t / (2 * ERF_PER_UNIT)) for t in nodes] for c in centres])
    # The differences are small, and so is what the inverse makes of their rounding.
    table = ((values - middle[:, None]) @ inverse.T).T  # [degree + 1, intervals]
    table[0] += middle
    return np.ascontiguousarray(table)


ERF_TABLE = _erf_table()


def erf(x):
    flat = np.ravel(x)
    result = np.empty_like(flat)
    for start in range(0, flat.size, 1 << 16):  # pieces that stay in the cache
        piece = flat[start:start + (1 << 16)]
        scaled = np.minimum(np.abs(piece), ERF_END - 1e-9) * ERF_PER_UNIT
        index = scaled.astype(np.int64)
        t = 2 * (scaled - index) - 1
        value = ERF_TABLE[ERF_DEGREE].take(index)
        for power in range(ERF_DEGREE - 1, -1, -1):
            value *= t
            value += ERF_TABLE[power].take(index)
        value[np.abs(piece) >= ERF_END] = 1
        result[start:start + (1 << 16)] = np.copysign(value, piece)
    return result.reshape(np.shape(x))


# --- activations -----------------------------------------------------------------------------------

def gelu(x):
    return x * 0.5 * (1 + erf(x / math.sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))


ACTIVATIONS = {'gelu': gelu, 'gelu_new': gelu_tanh, 'gelu_pytorch_tanh': gelu_tanh, 'relu': lambda x: np.maximum(x, 0)}


# --- weights ---------------------------------------------------------------------------------------

class Safetensors:
    def __init__(self, path):
        with open(path, 'rb') as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        n, = struct.unpack('<Q', self.bytes[:8])
        self.header = json.loads(self.bytes[8:8 + n])
        self.header.pop('__metadata__', None)
        self.start = 8 + n

    def get(self, name, rows=None):
        """The tensor in float64, or some of its rows."""
        about = self.header[name]
        begin, end = about['data_offsets']
        stored = {'F32': '<f4', 'F16': '<f2', 'BF16': '<u2'}[about['dtype']]
        values = np.frombuffer(self.bytes, stored, (end - begin) // np.dtype(stored).itemsize, self.start + begin)
        values = values.reshape(about['shape'])
        if rows is not None:
            values = values[rows]
        if about['dtype'] == 'BF16':
            values = (values.astype('<u4') << 16).view('<f4')
        return values.astype(np.float64)


def read_json(*path, default=None):
    path = os.path.join(*path)
    if not os.path.exists(path) and default is not None:
        return default
    with open(path, encoding='utf-8') as file:
        return json.load(file)


BERT_NAMES = {'layer': 'encoder.layer.', 'query': 'attention.self.query', 'key': 'attention.self.key',
              'value': 'attention.self.value', 'attention': 'attention.output.dense',
              'attention_norm': 'attention.output.LayerNorm', 'inner': 'intermediate.dense', 'output': 'output.dense',
              'output_norm': 'output.LayerNorm'}
# Sanh et al., arXiv 1910.01108: BERT's layers, without token types.
DISTILBERT_NAMES = {'layer': 'transformer.layer.', 'query': 'attention.q_lin', 'key': 'attention.k_lin',
                    'value': 'attention.v_lin', 'attention': 'attention.out_lin', 'attention_norm': 'sa_layer_norm',
                    'inner': 'ffn.lin1', 'output': 'ffn.lin2', 'output_norm': 'output_layer_norm'}
DISTILBERT_KEYS = {'num_attention_heads': 'n_heads', 'num_hidden_layers': 'n_layers', 'hidden_act': 'activation'}


class Model:
    def __init__(self, folder):
        self.config = read_json(folder, 'config.json')
        self.has_types = self.config['model_type'] == 'bert'
        self.names = BERT_NAMES if self.has_types else DISTILBERT_NAMES
        if not self.has_types:
            self.config.update({key: self.config[of] for key, of in DISTILBERT_KEYS.items()})
        self.files = {}
        if os.path.exists(os.path.join(folder, 'model.safetensors')):
            names = ['model.safetensors']
        else:
            names = sorted(set(read_json(folder, 'model.safetensors.index.json')['weight_map'].values()))
        for name in names:
            file = Safetensors(os.path.join(folder, name))
            self.files.update({tensor.removeprefix(self.config['model_type'] + '.'): (file, tensor) for tensor in file.header})
        self.read_modules(folder)

    def read_modules(self, folder):
        self.modes, self.include_prompt, self.normalize = ['mean'], True, False
        for module in read_json(folder, 'modules.json', default=[]):
            kind = module['type'].split('.')[-1]
            if kind == 'Pooling':
                config = read_json(folder, module['path'], 'config.json')
                self.modes = config.get('pooling_mode') or [
                    mode for mode, key in (
                        ('cls', 'cls_token'), ('max', 'max_tokens'), ('mean', 'mean_tokens'),
                        ('mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'), ('weightedmean', 'weightedmean_tokens'),
                        ('lasttoken', 'lasttoken')) if config.get('pooling_mode_' + key)] or ['mean']
                self.modes = [self.modes] if isinstance(self.modes, str) else self.modes
                self.include_prompt = config.get('include_prompt', True)
            self.normalize |= kind == 'Normalize'

    def weight(self, name, rows=None):
        file, tensor = self.files[name]
        return file.get(tensor, rows)

    def linear(self, x, name):
        return x @ self.weight(name + '.weight').T + self.weight(name + '.bias')

    def norm(self, x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred ** 2).mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt(variance + self.config.get('layer_norm_eps', 1e-12))
        return scaled * self.weight(name + '.weight') + self.weight(name + '.bias')

    def attention(self, x, layer, bias=0):
        n, hidden = x.shape
        heads = self.config['num_attention_heads']

        def split(name):  # [heads, n, hidden / heads]
            return self.linear(x, layer + self.names[name]).reshape(n, heads, -1).transpose(1, 0, 2)

        query, key, value = split('query'), split('key'), split('value')
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(hidden // heads) + bias
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(1, 0, 2).reshape(n, hidden)
        return self.linear(mixed, layer + self.names['attention'])

    def hidden_states(self, ids):
        """[n_layers + 1][len(ids), hidden]: the embeddings, then what each layer makes of them."""
        activation = ACTIVATIONS[self.config['hidden_act']]
        x = self.weight('embeddings.word_embeddings.weight', np.asarray(ids))
        x = x + self.weight('embeddings.position_embeddings.weight', np.arange(len(ids)))
        if self.has_types:
            x = x + self.weight('embeddings.token_type_embeddings.weight', 0)
        x = self.norm(x, 'embeddings.LayerNorm')
        states = [x]
        for i in range(self.config['num_hidden_layers']):
            layer = f'{self.names["layer"]}{i}.'
            x = self.norm(x + self.attention(x, layer), layer + self.names['attention_norm'])
            inner = activation(self.linear(x, layer + self.names['inner']))
            x = self.norm(x + self.linear(inner, layer + self.names['output']), layer + self.names['output_norm'])
            states.append(x)
        return states

    def tokens(self, ids):
        """[len(ids), hidden]: the last layer's vectors."""
        return self.hidden_states(ids)[-1]

    def encode(self, ids, dims=None, n_skipped=0):
        """The text's vector; its first `dims` numbers. n_skipped: tokens of a prompt that the pooling leaves out."""
        vector = pool(self.tokens(ids), self.modes, 0 if self.include_prompt else n_skipped)[:dims]
        return vector / max(np.linalg.norm(vector), 1e-12) if self.normalize else vector


def pool(tokens, modes, n_skipped=0):
    """tokens [n, hidden] -> [len(modes) x hidden]"""
    positions = np.arange(1, len(tokens) + 1, dtype=np.float64)[n_skipped:, None]
    kept = tokens[n_skipped:]
    formulae = {
        'cls': lambda: kept[0],
        'max': lambda: kept.max(axis=0),
        'mean': lambda: kept.sum(axis=0) / len(kept),
        'mean_sqrt_len_tokens': lambda: kept.sum(axis=0) / math.sqrt(len(kept)),
        'weightedmean': lambda: (kept * positions).sum(axis=0) / positions.sum(),
        'lasttoken': lambda: kept[-1],
    }
    return np.concatenate([formulae[mode]() for mode in modes])


def encode(folder, ids, dims=None, n_skipped=0):
    return Model(folder).encode(ids, dims, n_skipped)


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('folder')
    p.add_argument('ids', nargs='*', type=int, help='token ids, special tokens included')
    p.add_argument('--text', help='in place of ids')
    p.add_argument('--dims', type=int)
    o = p.parse_args()
    if o.text is not None:
        from tokenizers import Tokenizer
        tokenizer = Tokenizer.from_file(os.path.join(o.folder, 'tokenizer.json'))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        o.ids = tokenizer.encode(o.text).ids
    if not o.ids:
        p.error('give token ids or --text')
    print(json.dumps(encode(o.folder, o.ids, o.dims).tolist()))


if __name__ == '__main__':
    main()
