#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a seeded random BERT or DistilBERT model folder as sentence-transformers saves it.

    make_random_model.py FOLDER --preset bge-large
    make_random_model.py FOLDER --hidden 24 --layers 2 --heads 3 --pooling cls,mean --dtype bfloat16

The same arguments give the same bytes. Weights are written tensor after tensor, so that a large model takes no
more memory than its largest tensor. Activations are about as large as in a trained BERT: layer norm gains near 1,
linear layers that keep the variance.

Needs NumPy. tokenizer.json is written too where the package `tokenizers` is there."""
import argparse
import json
import os
import shutil
import string
import struct

import numpy as np

PRESETS = {
    'tiny': dict(hidden=16, layers=2, heads=2, intermediate=40, vocab=120, positions=24),
    'bge-large': dict(hidden=1024, layers=24, heads=16, intermediate=4096, vocab=30522, positions=512,
                      pooling='cls', normalize=True),
}
SPECIAL = {'pad_token': '[PAD]', 'unk_token': '[UNK]', 'cls_token': '[CLS]', 'sep_token': '[SEP]',
           'mask_token': '[MASK]'}
DTYPES = {'float32': ('F32', 4), 'float16': ('F16', 2), 'bfloat16': ('BF16', 2)}
MODES = {  # sentence-transformers' short names and its switches of before version 6, in its order
    'cls': 'pooling_mode_cls_token', 'max': 'pooling_mode_max_tokens', 'mean': 'pooling_mode_mean_tokens',
    'mean_sqrt_len_tokens': 'pooling_mode_mean_sqrt_len_tokens',
    'weightedmean': 'pooling_mode_weightedmean_tokens', 'lasttoken': 'pooling_mode_lasttoken'}
CHUNK = 1 << 22
N_OUTLIERS = 4
OUTLIER = 400


# What DistilBERT calls the parts of BERT; it has no token types and no pooler.
DISTILBERT = {
    'attention.self.query': 'attention.q_lin', 'attention.self.key': 'attention.k_lin', 'attention.self.value': 'attention.v_lin',
    'attention.output.dense': 'attention.out_lin', 'attention.output.LayerNorm': 'sa_layer_norm', 'intermediate.dense': 'ffn.lin1',
    'output.dense': 'ffn.lin2', 'output.LayerNorm': 'output_layer_norm'}


def distilbert_name(name):
    if not name.startswith('encoder.layer.'):
        return name
    _, _, i, part = name.split('.', 3)
    part, kind = part.rsplit('.', 1)
    return f'transformer.layer.{i}.{DISTILBERT[part]}.{kind}'


def tensors(o):
    """(name, shape, centre, deviation) of every tensor, in the order of the file."""
    for name, *rest in bert_tensors(o):
        if o.family == 'bert':
            yield name, *rest
        elif not name.startswith(('pooler.', 'embeddings.token_type_embeddings.')):
            yield distilbert_name(name), *rest


def bert_tensors(o):
    h, f = o.hidden, o.intermediate

    def linear(name, n_out, n_in):
        yield name + '.weight', (n_out, n_in), 0, 1.25 / n_in ** 0.5
        yield name + '.bias', (n_out,), 0, 0.05

    def norm(name):
        yield name + '.weight', (h,), 1, 0.1
        yield name + '.bias', (h,), 0, 0.05

    yield 'embeddings.word_embeddings.weight', (o.vocab, h), 0, 0.05
    yield 'embeddings.position_embeddings.weight', (o.positions, h), 0, 0.02
    yield 'embeddings.token_type_embeddings.weight', (o.types, h), 0, 0.02
    yield from norm('embeddings.LayerNorm')
    for i in range(o.layers):
        layer = f'encoder.layer.{i}.'
        for part in ('query', 'key', 'value'):
            yield from linear(f'{layer}attention.self.{part}', h, h)
        yield from linear(layer + 'attention.output.dense', h, h)
        yield from norm(layer + 'attention.output.LayerNorm')
        yield from linear(layer + 'intermediate.dense', f, h)
        yield from linear(layer + 'output.dense', h, f)
        yield from norm(layer + 'output.LayerNorm')
    yield from linear('pooler.dense', h, h)  # nobody asks for it, but BertModel saves it


def encode(values, dtype):
    """float32 values as stored bytes, rounded to nearest even."""
    if dtype == 'float32':
        return values.astype('<f4').tobytes()
    if dtype == 'float16':
        return values.astype('<f2').tobytes()
    bits = values.astype('<f4').view('<u4')
    return ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype('<u2').tobytes()


def spread_outliers(o, name, first, values, n_columns):
    """Makes a few channels of one feed-forward network huge on the way in and small on the way out,
    as trained BERT models have them: ReLU would not notice, and a scale for the whole row does.
    `values` are the tensor's from its element `first` on."""
    layer = f'encoder.layer.{o.outlier_layer}.'
    at = np.arange(first, first + len(values))
    if name.endswith((layer + 'intermediate.dense.weight', layer + 'intermediate.dense.bias')):
        values[at // n_columns < N_OUTLIERS] *= np.float32(OUTLIER)
    elif name.endswith(layer + 'output.dense.weight'):
        values[at % n_columns < N_OUTLIERS] /= np.float32(OUTLIER)


def write_tensor(file, o, index, name, shape, centre, deviation):
    rng = np.random.Generator(np.random.PCG64([o.seed, index]))
    left = int(np.prod(shape))
    while left:
        n = min(left, CHUNK)
        values = rng.standard_normal(n, dtype=np.float32)
        values *= np.float32(deviation)
        values += np.float32(centre)
        if o.outlier_layer is not None:
            first = int(np.prod(shape)) - left
            spread_outliers(o, name, first, values, shape[1] if len(shape) > 1 else 1)
        file.write(encode(values, o.dtype))
        left -= n


def write_safetensors(path, o, rows):
    dtype, size = DTYPES[o.dtype]
    header, at = {'__metadata__': {'format': 'pt'}}, 0
    for _, name, shape, _, _ in rows:
        if name.endswith('position_ids'):
            n, kind = shape[1] * 8, 'I64'
        else:
            n, kind = int(np.prod(shape)) * size, dtype
        header[name] = {'dtype': kind, 'shape': list(shape), 'data_offsets': [at, at + n]}
        at += n
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for index, name, shape, centre, deviation in rows:
            if name.endswith('position_ids'):
                file.write(np.arange(shape[1], dtype='<i8').tobytes())
            else:
                write_tensor(file, o, index, name, shape, centre, deviation)


def write_weights(o):
    prefix = o.family + '.' if o.prefix else ''
    rows = [(i, prefix + name, *rest) for i, (name, *rest) in enumerate(tensors(o))]
    # Old folders hold these; their dtype is none that a reader of weights needs to know.
    rows.append((len(rows), prefix + 'embeddings.position_ids', (1, o.positions), 0, 0))
    if o.shards < 2:
        write_safetensors(os.path.join(o.folder, 'model.safetensors'), o, rows)
        return
    per_shard = -(-len(rows) // o.shards)
    weight_map = {}
    for s in range(o.shards):
        name = f'model-{s + 1:05}-of-{o.shards:05}.safetensors'
        part = rows[s * per_shard:(s + 1) * per_shard]
        write_safetensors(os.path.join(o.folder, name), o, part)
        weight_map.update({row[1]: name for row in part})
    write_json(o, 'model.safetensors.index.json', {'metadata': {}, 'weight_map': weight_map})


def words():
    """Endless made-up words, each once."""
    consonants, vowels = 'bdfgklmnprstvz', 'aeiou'
    syllables = [c + v for c in consonants for v in vowels]
    length = 2
    while True:
        for number in range(len(syllables) ** length):
            word = ''
            for _ in range(length):
                number, digit = divmod(number, len(syllables))
                word += syllables[digit]
            yield word
        length += 1


def make_vocabulary(n):
    """Where there is room the special tokens stand where BERT's stand: 0 and 100 to 103."""
    special = list(SPECIAL.values())
    vocab = special if n < 500 else [special[0]] + [f'[unused{i}]' for i in range(99)] + special[1:]
    characters = string.ascii_lowercase + string.digits
    vocab = vocab + list(characters) + ['##' + c for c in characters] + list(string.punctuation)
    if n < len(special) + len(string.ascii_lowercase):
        raise SystemExit(f'--vocab {n}: too few for the special tokens and the letters')
    for word in words():
        if len(vocab) >= n:
            return vocab[:n]
        vocab.append(word)
        if len(word) == 4:
            vocab.append('##' + word)


def write_json(o, name, value):
    path = os.path.join(o.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(value, file, indent=2, ensure_ascii=False)
        file.write('\n')


def write_tokenizer(o):
    path = os.path.join(o.folder, 'vocab.txt')
    if o.vocab_file:
        shutil.copyfile(o.vocab_file, path)
    else:
        with open(path, 'w', encoding='utf-8') as file:
            file.writelines(token + '\n' for token in make_vocabulary(o.vocab))
    write_json(o, 'special_tokens_map.json', SPECIAL)
    write_json(o, 'tokenizer_config.json', {
        'do_lower_case': True, 'strip_accents': None, 'tokenize_chinese_chars': True,
        'model_max_length': o.max_seq_length or o.positions, 'tokenizer_class': 'DistilBertTokenizer' if o.family == 'distilbert' else 'BertTokenizer', **SPECIAL})
    if o.no_tokenizer_json:
        return
    try:
        from tokenizers import BertWordPieceTokenizer
    except ImportError:
        return
    tokenizer = BertWordPieceTokenizer(path, lowercase=True)
    tokenizer.save(os.path.join(o.folder, 'tokenizer.json'))


def write_modules(o):
    modes = o.pooling.split(',')
    if o.spelling == 'new':
        types = {'Transformer': 'sentence_transformers.base.modules.transformer.Transformer',
                 'Pooling': 'sentence_transformers.sentence_transformer.modules.pooling.Pooling',
                 'Normalize': 'sentence_transformers.base.modules.normalize.Normalize'}
        transformer = {'transformer_task': 'feature-extraction',
                       'modality_config': {'text': {'method': 'forward', 'method_output_name': 'last_hidden_state'}},
                       'module_output_name': 'token_embeddings'}
        pooling = {'embedding_dimension': o.hidden, 'pooling_mode': modes[0] if len(modes) == 1 else modes,
                   'include_prompt': not o.exclude_prompt}
        normalize = {'module_input_name': 'sentence_embedding', 'module_output_name': 'sentence_embedding'}
    else:
        types = {name: 'sentence_transformers.models.' + name for name in ('Transformer', 'Pooling', 'Normalize')}
        transformer = {'max_seq_length': o.max_seq_length or o.positions, 'do_lower_case': False}
        pooling = {'word_embedding_dimension': o.hidden, **{key: mode in modes for mode, key in MODES.items()},
                   'include_prompt': not o.exclude_prompt}
        normalize = None
    names = ['Transformer', 'Pooling'] + ['Normalize'] * o.normalize
    write_json(o, 'modules.json', [{'idx': i, 'name': str(i), 'path': f'{i}_{name}' if i else '', 'type': types[name]}
                                   for i, name in enumerate(names)])
    write_json(o, 'sentence_bert_config.json', transformer)
    write_json(o, '1_Pooling/config.json', pooling)
    if o.normalize and normalize:
        write_json(o, '2_Normalize/config.json', normalize)
    config = {'__version__': {'sentence_transformers': '6.2.0' if o.spelling == 'new' else '3.0.1'},
              'prompts': dict(pair.split('=', 1) for pair in o.prompt), 'default_prompt_name': o.default_prompt_name,
              'similarity_fn_name': o.similarity}
    if o.spelling == 'new':
        config['model_type'] = 'SentenceTransformer'
    write_json(o, 'config_sentence_transformers.json', config)


def write_config(o):
    config = {
        'architectures': ['BertModel'], 'attention_probs_dropout_prob': 0.1, 'classifier_dropout': None,
        'hidden_act': o.act, 'hidden_dropout_prob': 0.1, 'hidden_size': o.hidden, 'initializer_range': 0.02,
        'intermediate_size': o.intermediate, 'layer_norm_eps': o.eps, 'max_position_embeddings': o.positions,
        'model_type': 'bert', 'num_attention_heads': o.heads, 'num_hidden_layers': o.layers, 'pad_token_id': 0,
        'position_embedding_type': 'absolute', 'torch_dtype': o.dtype, 'type_vocab_size': o.types, 'use_cache': True,
        'vocab_size': o.vocab}
    if o.family == 'distilbert':
        config = {
            'activation': o.act, 'architectures': ['DistilBertModel'], 'attention_dropout': 0.1, 'dim': o.hidden, 'dropout': 0.1,
            'hidden_dim': o.intermediate, 'initializer_range': 0.02, 'max_position_embeddings': o.positions,
            'model_type': 'distilbert', 'n_heads': o.heads, 'n_layers': o.layers, 'pad_token_id': 0, 'qa_dropout': 0.1,
            'seq_classif_dropout': 0.2, 'sinusoidal_pos_embds': False, 'tie_weights_': True, 'torch_dtype': o.dtype,
            'vocab_size': o.vocab}
    if o.matryoshka:
        config['matryoshka_dimensions'] = [int(n) for n in o.matryoshka.split(',')]
    write_json(o, 'config.json', config)


def parse_arguments(arguments=None):
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('folder')
    p.add_argument('--family', choices=['bert', 'distilbert'], default='bert')
    p.add_argument('--preset', choices=PRESETS, default='tiny', help='what the options below default to')
    p.add_argument('--hidden', type=int)
    p.add_argument('--layers', type=int)
    p.add_argument('--heads', type=int)
    p.add_argument('--intermediate', type=int)
    p.add_argument('--vocab', type=int, help='entries; made up unless there is a --vocab-file')
    p.add_argument('--vocab-file', help='a vocab.txt to copy; its length is --vocab')
    p.add_argument('--positions', type=int)
    p.add_argument('--types', type=int, default=2)
    p.add_argument('--act', default='gelu', help='gelu, gelu_new, gelu_pytorch_tanh or relu')
    p.add_argument('--eps', type=float, default=1e-12)
    p.add_argument('--dtype', choices=DTYPES, default='float32')
    p.add_argument('--pooling', help=f'one or more of {",".join(MODES)}')
    p.add_argument('--normalize', action=argparse.BooleanOptionalAction)
    p.add_argument('--exclude-prompt', action='store_true', help='the pooling leaves the prompt out')
    p.add_argument('--max-seq-length', type=int)
    p.add_argument('--prompt', action='append', default=[], metavar='NAME=TEXT')
    p.add_argument('--default-prompt-name')
    p.add_argument('--similarity', help='similarity_fn_name')
    p.add_argument('--matryoshka', metavar='N,...', help="config.json's matryoshka_dimensions")
    p.add_argument('--spelling', choices=['old', 'new'], default='old',
                   help='files as sentence-transformers up to 5, or since 6, writes them')
    p.add_argument('--no-modules', action='store_true', help='a plain transformers folder')
    p.add_argument('--no-tokenizer-json', action='store_true')
    p.add_argument('--shards', type=int, default=1)
    p.add_argument('--prefix', action='store_true', help='tensor names begin with the family, "bert."')
    p.add_argument('--outlier-layer', type=int, metavar='N',
                   help='the layer whose feed-forward network has a few huge channels, which int8 cannot bear')
    p.add_argument('--seed', type=int, default=1)
    o = p.parse_args(arguments)
    for key, value in {'pooling': 'mean', 'normalize': False, **PRESETS[o.preset]}.items():
        if getattr(o, key) is None:
            setattr(o, key, value)
    if o.vocab_file:
        with open(o.vocab_file, encoding='utf-8') as file:
            o.vocab = sum(1 for _ in file)
    if o.hidden % o.heads:
        p.error(f'--hidden {o.hidden} is not a multiple of --heads {o.heads}')
    if set(o.pooling.split(',')) - set(MODES):
        p.error(f'--pooling {o.pooling}: the modes are {", ".join(MODES)}')
    return o


def make(arguments=None):
    o = parse_arguments(arguments)
    os.makedirs(o.folder, exist_ok=True)
    write_config(o)
    write_tokenizer(o)
    if not o.no_modules:
        write_modules(o)
    write_weights(o)


if __name__ == '__main__':
    make()
