# SPDX-License-Identifier: Apache-2.0
"""Fresh random texts, and every code point, by our tokenizer and by the official one: ids and places must agree.

Ours runs in tokenize_tool, which is built beside the binary that NESTD_BINARY names. NESTD_TOKENIZER_SEED repeats a run (the seed is
printed), NESTD_TOKENIZER_TEXTS says how many texts (20,000).
"""
import functools
import itertools
import json
import os
import pathlib
import random
import struct
import subprocess
import unicodedata

import pytest

tokenizers = pytest.importorskip('tokenizers', reason='the official tokenizer is not installed')

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = ROOT / 'tests/data/tokenizer'
SHARED = pathlib.Path(os.environ.get('SHARED_DIR', ROOT.parent / 'shared')) / 'data'
N_TEXTS = int(os.environ.get('NESTD_TOKENIZER_TEXTS', 20000))
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CUTS = [('none', 0), ('end', 7), ('start', 7)]


@pytest.fixture(scope='module')
def tool():
    binary = os.environ.get('NESTD_BINARY')
    if not binary:
        pytest.skip('NESTD_BINARY does not say which build to test')
    path = pathlib.Path(binary).resolve().parents[1] / 'tests/engine/tokenizer/tokenize_tool'
    if not path.exists():
        pytest.skip(f'{path} is not built')
    return path


@pytest.fixture(scope='module')
def rng():
    seed = int(os.environ.get('NESTD_TOKENIZER_SEED', random.SystemRandom().randrange(1 << 32)))
    print(f'NESTD_TOKENIZER_SEED={seed}')
    return random.Random(seed)


def encode_ours(tool, folder, texts, side, most):
    data = b''.join(struct.pack('<I', len(t)) + t for t in (text.encode() for text in texts))
    run = subprocess.run([tool, folder, side, str(most)], input=data, stdout=subprocess.PIPE, check=True)
    lines = run.stdout.decode().splitlines()
    assert len(lines) == len(texts)
    return lines


def decode_ours(tool, folder, lists):
    data = b''.join(struct.pack('<I', len(t)) + t for t in (' '.join(map(str, ids)).encode() for ids in lists))
    run = subprocess.run([tool, folder, 'decode'], input=data, stdout=subprocess.PIPE, check=True)
    texts = [bytes.fromhex(line).decode() for line in run.stdout.decode().splitlines()]
    assert len(texts) == len(lists)
    return texts


def compare_decoded(tool, rng, folder, texts):
    """What becomes of the texts' ids, and of ids in any order."""
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / 'tokenizer.json'))
    known = sorted(tokenizer.get_vocab(with_added_tokens=True).values())
    lists = [e.ids for e in tokenizer.encode_batch(texts)]
    lists += [rng.choices(known, k=rng.choice((1, 2, 3, 8, 40))) for _ in texts]
    official = tokenizer.decode_batch(lists, skip_special_tokens=False)
    wrong = [(ids, ascii(o), ascii(e)) for ids, o, e in zip(lists, decode_ours(tool, folder, lists), official) if o != e]
    assert not wrong, f'{len(wrong)} of {len(lists)} differ ({folder.name}); the shortest (ids, ours, official): {min(wrong, key=lambda w: len(w[0]))}'


def ids_of(line):
    return [int(token.partition(':')[0]) for token in line.split()]


def encode_officially(tokenizer, texts, side, most):
    """What tokenize_tool writes for each text, by the official tokenizer."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if side != 'none':
        tokenizer.enable_truncation(most, direction={'end': 'right', 'start': 'left'}[side])
    lines = []
    for i in range(0, len(texts), 1000):
        some = texts[i:i + 1000]
        lines += [format_encoding(e, t) for e, t in zip(tokenizer.encode_batch(some), some)]
    return lines


def format_encoding(encoding, text):
    starts = [0, *itertools.accumulate(len(c.encode()) for c in text)]
    return ' '.join(
        f'{id}' if sequence is None else f'{id}:{starts[start]}:{starts[stop]}'
        for id, sequence, (start, stop) in zip(encoding.ids, encoding.sequence_ids, encoding.offsets))


def compare(tool, folder, texts, cuts=CUTS, what=str):
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / 'tokenizer.json'))
    for side, most in cuts:
        ours = encode_ours(tool, folder, texts, side, most)
        official = encode_officially(tokenizer, texts, side, most)
        wrong = [(ascii(t), o, e) for t, o, e in zip(texts, ours, official) if what(o) != what(e)]
        assert not wrong, f'{len(wrong)} of {len(texts)} differ ({folder.name}, {side} {most}); the shortest (text, ours, official): ' \
                          f'{min(wrong, key=lambda w: len(w[0]))}'


@functools.cache
def kinds_of_characters():
    """Marks, those that decompose, and those that are lowered."""
    characters = [chr(c) for c in CODE_POINTS]
    return ([c for c in characters if unicodedata.combining(c)], [c for c in characters if unicodedata.normalize('NFD', c) != c],
            [c for c in characters if c.lower() != c])


def make_texts(rng, n):
    vocab = list(json.loads((DATA / 'added/tokenizer.json').read_text())['model']['vocab'])
    literals = ['[CLS]', '[SEP]', '[MASK]', '[UNK]', '[', ']', '<left>', '<right>', '<both>', '<b', 'New York', 'new york', 'Café', '東京', 'newt']
    marks, decomposing, upper = kinds_of_characters()
    odd = list('\0\t\n\r\x0b\x0c\x7f\x85\xa0\u1680\u180e\u2003\u200b\u200d\u2028\u202f\u3000\ufeff\ufffd\xad\u0345\u0378ΣΣσςİıẞſ\u212a')
    naughty = ['naïve']
    if (SHARED / 'unicode/blns.json').exists():
        naughty = [t for t in json.loads((SHARED / 'unicode/blns.json').read_text()) if t]
    pools = [
        lambda: rng.choice('abcdefghijklmnopqrstuvwxyzABCXYZ019'), lambda: rng.choice(vocab).removeprefix('##'), lambda: ' ' * rng.randint(1, 2),
        lambda: rng.choice('.,!?-\'"()[]{}<>_/@#$%^&*+=|~`'), lambda: rng.choice(literals), lambda: rng.choice(marks),
        lambda: ''.join(rng.choices(marks, k=rng.randint(1, 6))), lambda: rng.choice(decomposing), lambda: rng.choice(upper), lambda: rng.choice(odd),
        lambda: chr(rng.choice(CODE_POINTS)), lambda: chr(rng.randrange(0xA0, 0x3000)), lambda: chr(rng.randrange(0x3000, 0xA000)),
        lambda: chr(rng.randrange(0xAC00, 0xD7A4)), lambda: rng.choice('éüñçößøåÉÜÇ\u0301\u0308'), lambda: 'x' * rng.choice((3, 98, 99, 100, 101, 102)),
        lambda: rng.choice(naughty),
    ]

    def mutate(text):
        chars = list(text)
        for _ in range(rng.randint(0, 4)):
            at = rng.randint(0, len(chars))
            chars[at:at + rng.randint(0, 2)] = rng.choice(pools)()
        return ''.join(chars)

    def draw():
        if rng.random() < 0.25:
            return mutate(rng.choice(naughty))
        few = rng.sample(pools, rng.randint(1, 5))
        return ''.join(rng.choice(few)() for _ in range(rng.choice((1, 2, 3, 5, 8, 20, 60))))

    def is_text(text):
        return not any(0xD800 <= ord(c) < 0xE000 for c in text)

    return [t for t in (draw() for _ in range(n)) if is_text(t)]


@pytest.mark.parametrize('name', ['uncased', 'cased', 'accents', 'bare', 'added', 'lower'])
def test_random_texts(tool, rng, name):
    compare(tool, DATA / name, make_texts(rng, N_TEXTS // 4))


# Ids only: where characters are dropped or put in order, the official places are at times wrong.
@pytest.mark.parametrize('name', sorted(path.name for path in DATA.glob('part_*')))
def test_random_texts_with_other_parts(tool, rng, name):
    compare(tool, DATA / name, make_texts(rng, N_TEXTS // 4), what=ids_of)


@pytest.mark.parametrize('name', sorted(path.name for path in DATA.glob('part_*')))
def test_random_ids_decode(tool, rng, name):
    compare_decoded(tool, rng, DATA / name, make_texts(rng, N_TEXTS // 8))


def test_random_texts_with_a_real_vocabulary(tool, rng, tmp_path):
    source = SHARED / 'tokenizer/bge-tokenizer.json'
    if not source.exists():
        pytest.skip(f'{source} is not there')
    (tmp_path / 'tokenizer.json').write_bytes(source.read_bytes())
    compare(tool, tmp_path, make_texts(rng, N_TEXTS), [('none', 0), ('end', 16), ('start', 16)])


# A vocabulary that knows every character below U+3400 shows what became of each in the ids. Of the planes where nothing is assigned
# a sample does: the unit tests look at every code point's normal form.
@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize('flags', [
    dict(), dict(lowercase=False, strip_accents=True), dict(strip_accents=False), dict(clean_text=False), dict(handle_chinese_chars=False),
    dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)], ids=str)
def test_every_code_point(tool, rng, tmp_path, flags):
    some = [c for c in CODE_POINTS if c < 0x32000 or 0xE0000 <= c < 0xE1000 or rng.random() < 0.02]
    parts = json.loads((DATA / 'uncased/tokenizer.json').read_text())
    characters = [chr(c) for c in range(0x20, 0x3400)]
    words = [t for t in parts['model']['vocab'] if len(t) > 1] + characters + ['##' + c for c in characters]
    parts['model']['vocab'] = {t: i for i, t in enumerate(dict.fromkeys(words))}
    parts['added_tokens'] = [t for t in parts['added_tokens'] if t['content'] in parts['model']['vocab']]
    for token in parts['post_processor']['special_tokens'].values():
        token['ids'] = [parts['model']['vocab'][t] for t in token['tokens']]
    for token in parts['added_tokens']:
        token['id'] = parts['model']['vocab'][token['content']]
    parts['normalizer'].update(flags)
    parts['truncation'] = None
    (tmp_path / 'tokenizer.json').write_text(json.dumps(parts))
    # A BERT class would make the normaliser by its own rules.
    (tmp_path / 'tokenizer_config.json').write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    compare(tool, tmp_path, ['a' + chr(c) + 'b' for c in some], [('none', 0)])
    marks = '\u0334\u093c\u094d\u05b0\u0316\u0301\u0345\u302e'
    compare(tool, tmp_path, ['é' + rng.choice(marks) + chr(c) + rng.choice(marks) + 'İ ' + rng.choice('Aé.') + chr(c) for c in some], [('none', 0)])
