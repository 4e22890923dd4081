#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the folders beside it, golden.jsonl, decoded.jsonl and code_points.inc: what the official tokenizer says.

    pip install tokenizers==0.23.3
    python3 tests/data/tokenizer/make_tokenizer_data.py
"""
import json
import pathlib
import random
import sys
import zlib

import tokenizers
from tokenizers import normalizers, pre_tokenizers

HERE = pathlib.Path(__file__).resolve().parent
SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
WORDS = ('the a an and of to in it is embed ##ding ##dings un ##believ ##able token ##ize ##r s ##s café cafe '
         'Cafe new york newyork day don t strasse straße ΟΔΟΣ οδος οδοσ ͏ i̇ ##̇ in ##t ##ti ##on 北 京 é').split()
CHARS = ('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789éüßñαβγδοςσΑΣΔΟжы한글'
         '\u1112\u1161\u11ab\u1100\u1173\u11af\u0301\u0316\u0307\u0323\u302e\u1d165\U0001d165\u0e33ﬁ')


def make_vocab():
    tokens = list(SPECIAL)
    tokens += WORDS + ['x' * 100, '[Q]']
    tokens += [c for c in CHARS] + ['##' + c for c in CHARS]
    tokens += list('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~、。«')
    return {token: i for i, token in enumerate(dict.fromkeys(tokens))}


def added(content, id, **flags):
    entry = dict(id=id, content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return {**entry, **flags}


def make_template(vocab, first, last):
    def piece(kind, name):
        return {kind: {'id': name, 'type_id': 0}}

    single = [piece('SpecialToken', t) for t in first] + [piece('Sequence', 'A')] + [piece('SpecialToken', t) for t in last]
    special = {t: {'id': t, 'ids': [vocab[t]], 'tokens': [t]} for t in first + last}
    return {'type': 'TemplateProcessing', 'single': single, 'pair': single + [{'Sequence': {'id': 'B', 'type_id': 1}}],
            'special_tokens': special}


def make_json(vocab, added_tokens=(), post=None, max_chars=100, prefix='##', **flags):
    normalizer = dict(type='BertNormalizer', clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True)
    return {
        'version': '1.0', 'truncation': {'max_length': 7, 'strategy': 'LongestFirst', 'stride': 0, 'direction': 'Right'},
        'padding': None, 'added_tokens': [added(t, vocab[t]) for t in SPECIAL] + list(added_tokens),
        'normalizer': {**normalizer, **flags}, 'pre_tokenizer': {'type': 'BertPreTokenizer'},
        'post_processor': post or make_template(vocab, ['[CLS]'], ['[SEP]']), 'decoder': None,
        'model': {'type': 'WordPiece', 'unk_token': '[UNK]', 'continuing_subword_prefix': prefix,
                  'max_input_chars_per_word': max_chars, 'vocab': vocab},
    }


def make_lower(vocab):
    """As sentence-transformers 6 saves a model with its own do_lower_case."""
    parts = make_json(vocab, lowercase=False, strip_accents=False)
    return {**parts, 'normalizer': {'type': 'Sequence', 'normalizers': [{'type': 'Lowercase'}, parts['normalizer']]}}


def make_decoding_folders():
    """{folder: its tokenizer.json}: with tokens that the clean-up of a decoder changes, or nearly."""
    vocab = make_vocab()
    words = ["n't", "'m", "'s", "'ve", "'re", ' do not', "##n't", "##'s", '##.', '##', '@@', '@@ing', '@@@@s', ' ', '  ', ' . ', "' ' '", 'a . b',
             "x ' ' y", ' , ,', ' ?!', ' !?', " don't", ' do no', 'a##b', "' m", " n'tn't", ' 北', '.. .', " 'sven't 've", "'  ' "]
    for word in words:
        vocab.setdefault(word, len(vocab))
    n = len(vocab)
    extra = [added('do not', n, special=False), added('It is .', n + 1, special=False), added('<s .>', n + 2)]
    return {
        'decoder': {**make_json(vocab, extra), 'decoder': {'type': 'WordPiece', 'prefix': '##', 'cleanup': True}},
        'decoder_at': {**make_json(vocab, extra), 'decoder': {'type': 'WordPiece', 'prefix': '@@', 'cleanup': False}},
        'decoder_glued': {**make_json(vocab, extra), 'decoder': {'type': 'WordPiece', 'prefix': '', 'cleanup': True}},
        'decoder_none': make_json(vocab, extra, post=make_template(vocab, ['[CLS]', '[Q]'], ['[SEP]'])),
    }


def write_decoded(folders):
    """{folder, ids, skip, text} a line: each id at the beginning and after another, and random ones."""
    rng = random.Random(4)
    with open(HERE / 'decoded.jsonl', 'w') as out:
        for name, parts in folders.items():
            tokenizer = tokenizers.Tokenizer.from_str(json.dumps(parts))
            n = tokenizer.get_vocab_size()
            every = [[i for pair in zip(range(n), [5] * n) for i in pair], [i for pair in zip([5] * n, range(n)) for i in pair]]
            few = [rng.choices(range(n - 60, n), k=rng.choice((1, 2, 3, 8))) for _ in range(40)]
            for ids in every + [[i] for i in range(n - 40, n)] + few + [[2, 3], [3]]:
                for skip in (True, False):
                    row = dict(folder=name, ids=ids, skip=skip, text=tokenizer.decode(ids, skip_special_tokens=skip))
                    out.write(json.dumps(row, ensure_ascii=False, separators=(',', ':')) + '\n')


def make_folders():
    """{folder: its tokenizer.json}"""
    vocab = make_vocab()
    n = len(vocab)
    return {
        'uncased': make_json(vocab),
        'cased': make_json(vocab, lowercase=False, post={'type': 'BertProcessing', 'cls': ['[CLS]', 2], 'sep': ['[SEP]', 3]}),
        'accents': make_json(vocab, strip_accents=False),
        'bare': make_json(vocab, clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False,
                          max_chars=5),
        'added': make_json(
            vocab, post=make_template(vocab, ['[CLS]', '[Q]'], ['[SEP]', '[SEP]']),
            added_tokens=[
                added('<left>', n, lstrip=True), added('<right>', n + 1, rstrip=True),
                added('<both>', n + 2, lstrip=True, rstrip=True), added('<b', n + 3), added('New York', n + 4, normalized=True, special=False),
                added('Café', n + 5, normalized=True, special=False), added('東京', n + 6, normalized=True, special=False),
                added('newt', n + 7, normalized=True, special=False), added('é', vocab['é'], special=False)]),
        'lower': make_lower(vocab),
        'spaces': make_json(vocab, added_tokens=[
            added('Right', n, normalized=True, rstrip=True), added('Both', n + 1, normalized=True, lstrip=True, rstrip=True),
            added('Apart', n + 2, normalized=True, rstrip=True, single_word=True), added('Left', n + 3, normalized=True, lstrip=True)]),
    }


def make_texts():
    texts = [
        '', ' ', '\t\n', '\0', 'a\0b', 'The day', 'embeddings', 'unbelievable tokenizers', "don't", 'a.b,c!', '...', '$1.00 + 50%',
        'café', 'cafe\u0301', 'Cafe\u0301 CAFÉ', 'straße STRASSE', 'ﬁ', 'naïve', '한글', '\u1112\u1161\u11ab', '北京', 'in北京a', '東京タワー',
        'x' * 100, 'x' * 101, 'é' * 100, 'é' * 101, 'e\u0301' * 60, 'x' * 400 + ' a', 'x\0' * 50, '.' * 40,
        '[CLS] a [SEP]', '[MASK]', 'a[MASK]b', '[mask]', '[MASK', '[[MASK]]', '[UNK][PAD]', '[Q]', '[CLS', '[\u0301MASK]',
        'a <left> b', 'a  \u2003<left>b', '<right>  a', '<right> <left>', 'a <both> <both> b', '<both', '<b', '<bot', ' <left><left> ', '<right>\u3000',
        'new york', 'NEW YORK city', 'new\tyork', 'newt', 'newton new', 'in new york', 'new yor', 'CAFÉ', 'cafe\u0301', '東京', '東 京', 'té', 'é<left>',
        'ΟΔΟΣ', 'ΟΔΟΣ.', 'ΟΔΟΣ ΣΑΣ', "ΑΣ'Α Σ", 'ΑΣ\u0301', 'İn', 'İİ', 'aİ b', 'Ⱥ', 'ẞ', 'ΑΣ', '\u0345Σ', 'aΣ\u00ad', '1Σ',
        'a\u0301\u0316\u0323b', '\u0316\u0301', 'o\u0323\u0302', 'q\u0307\u0323', 'Q\u0307\u0323', '\u302e\u0316a', 'a\U0001d165\u0316', '\U0001d15e\u0316a',
        'a\u302e\u0345\u0316\u302e.', 'a\u0e33', '\u0344\u0316a', 'é\u0316a', 'é\0\u0316\0\u302ea', 'ộ', '가\u302e\u0316a', '\u0340\u0343\u302e', '\u302e' * 5 + '\u0316' * 3 + 'a',
        'a\u200bb', 'a\u00adb', '\ufeffa', 'a\u2028b', 'a\u3000b', 'a\u0085b', 'a\u000bb', 'a\x7fb', '\ufffda', 'a\ue000b', 'a\u00a0b', 'a\u180eb', 'a\u0378b',
        '👍🏽 ok', '\U0001f1e7\U0001f1f7', '«a»', '、。', 'a–b—c', '1/2 ½', 'a_b', 'A\u030a', '\u212b', '\u2126', '\uf900', '\U0002f800', 'i\u0307', 'I\u0307',
        'right a', 'RIGHT \t\u3000 a', 'a right', 'right ', ' right  ', 'right  both  left  a', 'a both both  b', 'rightright right', 'apart a', 'aparta',
        'apart  apart', 'a  apart  left', 'é apart é', 'right' + ' ' * 300 + 'a', 'righ', 'right\0 a', 'both\u0301 a', 'left  right', ' both',
        'the ' * 20, 'the' * 20, ' the', 'the ', 'a the an and of to in it is',
    ]
    return list(dict.fromkeys(texts))


def encode(tokenizer, text, add_special):
    """[[id, start, stop]...] with places in bytes; [id] for a token that was added."""
    starts = [0]
    for c in text:
        starts.append(starts[-1] + len(c.encode()))
    encoding = tokenizer.encode(text, add_special_tokens=add_special)
    rows = []
    for i, (id, (start, stop)) in enumerate(zip(encoding.ids, encoding.offsets)):
        if encoding.sequence_ids[i] is None:
            rows.append([id])
        else:
            rows.append([id, starts[start], starts[stop]])
    return rows


CUTS = [('none', 0, True), ('none', 0, False), ('end', 6, True), ('start', 6, True), ('end', 3, False), ('start', 3, False)]


def write_golden(folders, name, texts, cuts=CUTS):
    with open(HERE / name, 'w') as out:
        for folder, parts in folders.items():
            tokenizer = tokenizers.Tokenizer.from_str(json.dumps(parts))
            for text in texts:
                cases = []
                for side, most, add_special in cuts:
                    tokenizer.no_truncation()
                    if side != 'none':
                        tokenizer.enable_truncation(most, direction={'end': 'right', 'start': 'left'}[side])
                    tokens = encode(tokenizer, text, add_special)
                    if side == 'none' or len(tokens) == most:
                        cases.append(dict(truncate=side, most=most, special=add_special, tokens=tokens))
                row = dict(folder=folder, text=text, cases=cases)
                out.write(json.dumps(row, ensure_ascii=False, separators=(',', ':')) + '\n')


def write_json_folder(name, parts):
    """One whose tokenizer.json says everything."""
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    (folder / 'tokenizer.json').write_text(json.dumps(parts, ensure_ascii=False, separators=(',', ':')) + '\n')
    (folder / 'tokenizer_config.json').write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}\n')


def write_folders(folders):
    for name, parts in folders.items():
        write_json_folder(name, parts)
    # The same as `uncased` by the other way, and as `cased`.
    vocab = list(make_vocab())
    for name, config in (('vocab', {}), ('vocab_cased', {'do_lower_case': False, 'mask_token': {'__type': 'AddedToken', 'content': '[MASK]', 'lstrip': False, 'normalized': False, 'rstrip': False, 'single_word': False}})):
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        (folder / 'vocab.txt').write_text(''.join(t + '\n' for t in vocab))
        (folder / 'tokenizer_config.json').write_text(json.dumps({**config, 'tokenizer_class': 'BertTokenizer'}) + '\n')
    names = {'cls_token': '[CLS]', 'sep_token': {'content': '[SEP]', 'lstrip': False, 'normalized': False, 'rstrip': False, 'single_word': False}}
    (HERE / 'vocab' / 'special_tokens_map.json').write_text(json.dumps(names) + '\n')
    write_added_folder(vocab)


def write_added_folder(vocab):
    """A vocab.txt, and tokens that it lacks in three files more."""
    folder = HERE / 'vocab_added'
    folder.mkdir(exist_ok=True)
    (folder / 'vocab.txt').write_text(''.join(t + '\n' for t in vocab))
    (folder / 'tokenizer_config.json').write_text('{"eos_token": "<ent>"}\n')
    (folder / 'special_tokens_map.json').write_text('{"mask_token": "[Q]", "extra_special_tokens": {"new_token": "<new>"}}\n')
    (folder / 'added_tokens.json').write_text(json.dumps({'newtok': len(vocab) + 1, 'New York': len(vocab)}) + '\n')


def write_decoding_folders():
    folders = make_decoding_folders()
    for name, parts in folders.items():
        write_json_folder(name, parts)
    # What transformers gives to a folder that has a vocab.txt alone.
    vocab = {**make_json(make_vocab()), 'decoder': {'type': 'WordPiece', 'prefix': '##', 'cleanup': True}}
    write_decoded({**folders, 'vocab': vocab, 'added': make_folders()['added']})


def write_code_points():
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    cases = [dict(clean_text=True), dict(handle_chinese_chars=True), dict(strip_accents=True), dict(lowercase=True),
             dict(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True)]
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    with open(HERE / 'code_points.inc', 'w') as out:
        out.write('/* SPDX-License-Identifier: Apache-2.0 */\n')
        out.write(f'/* Written by make_tokenizer_data.py with tokenizers {tokenizers.__version__}. A row a plane: CRC-32 of\n'
                  ' * "Ae", U+0316, the code point, U+0323, U+0302, "k" and U+000A normalised, of all its code points in turn:\n'
                  ' * cleaned, Han split, stripped, lowered, all of these; and of one byte each: 1 space, 2 punctuation, else 0. */\n')
        for plane in range(17):
            sums = [0] * (len(cases) + 1)
            normalize = [normalizers.BertNormalizer(**{**off, **case}).normalize_str for case in cases]
            for c in range(plane << 16, (plane + 1) << 16):
                if 0xD800 <= c < 0xE000:
                    continue
                text = 'Ae\u0316' + chr(c) + '\u0323\u0302k\n'
                for i, n in enumerate(normalize):
                    sums[i] = zlib.crc32(n(text).encode(), sums[i])
                parts = len(split('a' + chr(c) + 'b'))
                kind = 0 if parts == 1 else 1 if parts == 2 else 2
                sums[-1] = zlib.crc32(bytes([kind]), sums[-1])
            out.write('{' + ', '.join(f'0x{s:08x}' for s in sums) + '},\n')


def main():
    folders = make_folders()
    write_folders(folders)
    write_golden(folders, 'golden.jsonl', make_texts())
    write_decoding_folders()
    write_code_points()


if __name__ == '__main__':
    sys.exit(main())
