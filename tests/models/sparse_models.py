# SPDX-License-Identifier: Apache-2.0
"""Tiny sparse encoders (SPLADE): a folder is complete but for its weights, which come from a formula of their names, so that a golden
file need not hold them. Needs NumPy."""
import json
import math
import pathlib
import struct
import zlib

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / 'data' / 'models' / 'sparse.json'
VOCABULARY = 300
SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
TOKENIZER_CONFIG = {
    'tokenizer_class': 'PreTrainedTokenizerFast', 'model_max_length': 80,
    **dict(zip(('pad_token', 'unk_token', 'cls_token', 'sep_token', 'mask_token'), SPECIAL)),
}


def values(name, shape):
    """float32 in [-0.5, 0.5), the same on every machine; a norm's gains are around 1."""
    x = np.arange(math.prod(shape), dtype=np.uint64) * np.uint64(2654435761) + np.uint64(zlib.crc32(name.encode()))
    x ^= x >> np.uint64(13)
    x *= np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(32)
    unit = (x & np.uint64(0xFFFFFF)).astype(np.float64) / 2**24 - 0.5
    if len(shape) == 1:
        is_gain = 'norm' in name.lower() and name.endswith('weight')
        unit = 1 + unit / 2 if is_gain else unit / 2
    return unit.astype('<f4').reshape(shape)


def write_weights(path, shapes):
    header, parts, at = {}, [], 0
    for name, shape in shapes.items():
        parts.append(values(name, shape).tobytes())
        header[name] = {'dtype': 'F32', 'shape': shape, 'data_offsets': [at, at + len(parts[-1])]}
        at += len(parts[-1])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack('<Q', len(text)) + text + b''.join(parts))


def tokenizer_json():
    """WordPiece of single letters and words w0, w1 ..., as BERT's."""
    tokens = SPECIAL + [chr(c) for c in range(ord('a'), ord('z') + 1)]
    tokens += [f'w{i}' for i in range(VOCABULARY - len(tokens))]
    special = [{'id': i, 'content': token, 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False, 'special': True}
               for i, token in enumerate(SPECIAL)]
    return {
        'version': '1.0', 'truncation': None, 'padding': None, 'added_tokens': special,
        'normalizer': {'type': 'BertNormalizer', 'clean_text': True, 'handle_chinese_chars': True, 'strip_accents': None, 'lowercase': True},
        'pre_tokenizer': {'type': 'BertPreTokenizer'},
        'post_processor': {'type': 'BertProcessing', 'sep': ['[SEP]', 3], 'cls': ['[CLS]', 2]},
        'decoder': {'type': 'WordPiece', 'prefix': '##', 'cleanup': True},
        'model': {'type': 'WordPiece', 'unk_token': '[UNK]', 'continuing_subword_prefix': '##', 'max_input_chars_per_word': 100,
                  'vocab': {token: i for i, token in enumerate(tokens)}},
    }


def write_tokenizer(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'tokenizer.json').write_text(json.dumps(tokenizer_json()), encoding='utf-8')
    (folder / 'tokenizer_config.json').write_text(json.dumps(TOKENIZER_CONFIG), encoding='utf-8')


def write(folder, row):
    """`row` is one of the golden file's: the folder's JSON files, and the shapes of its weights."""
    for name, content in row['files'].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding='utf-8')
    write_tokenizer(folder)
    write_weights(folder / 'model.safetensors', row['shapes'])


def rows():
    return {row['name']: row for row in json.loads(GOLDEN.read_text(encoding='utf-8'))}
