#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the folders part_* beside it and parts.jsonl: small tokenizers of every kind of part, and what the official tokenizer makes
of texts with them. All vocabularies are made here.

    pip install tokenizers==0.23.3
    python3 tests/data/tokenizer/make_part_data.py
"""
import base64
import json
import string
import struct
import sys

import make_tokenizer_data as common
import tokenizers
from tokenizers import models, pre_tokenizers, trainers

SPECIAL = ['<s>', '<pad>', '</s>', '<unk>']
WORDS = ('the a an and of to in it is embed ding dings un believ able token ize r s new york day don t stra sse ß café cafe e é n ê ã o o ç '
         'ΟΔ Σ οδ ος 北 京 東 in t ti on 가 한 글 1 2 12 00 . , ! - fi Å Ω ½ 1⁄2').split()


class DoubleArray:
    """Darts-clone's format, placed with the first offsets that fit."""

    def __init__(self, mapping):
        self.strings = b''
        self.units, self.used = [0], {0}
        root = {}
        for key, value in sorted(mapping.items()):
            node = root
            for byte in key.encode():
                node = node.setdefault(byte, {})
            node[None] = len(self.strings)
            self.strings += value.encode() + b'\0'
        self.place(root, 0)
        self.units += [0] * (256 - len(self.units) % 256)  # whatever byte comes next, it must lead to a unit

    def place(self, node, at):
        labels = [0 if label is None else label for label in node]
        offset = 1
        while any((at ^ offset ^ label) in self.used for label in labels):
            offset += 1
        self.units[at] |= offset << 10
        if None in node:
            self.units[at] |= 1 << 8
        for label in labels:
            place = at ^ offset ^ label
            self.used.add(place)
            self.units += [0] * (place + 1 - len(self.units))
            self.units[place] = label
        for label, child in node.items():
            if label is None:
                self.units[at ^ offset] = child | 1 << 31
            else:
                self.place(child, at ^ offset ^ label)

    def to_base64(self):
        array = b''.join(struct.pack('<I', unit) for unit in self.units)
        return base64.b64encode(struct.pack('<I', len(array)) + array + self.strings).decode()


def precompiled():
    mapping = {'\t': ' ', '\n': ' ', '\u3000': ' ', '\u00a0': ' ', '\u200b': '', '\x7f': '', 'ﬁ': 'fi', '½': '1⁄2', 'Ａ': 'A', 'e\u0301': 'é', 'E\u0301': 'É',
               '\u212b': 'Å', '\u2126': 'Ω', '\u1112\u1161': '하', '①': '1', '\uf900': '豈', '\ufeff': '', 'i\u0307': 'i', '…': '...', 'x\u0301\u0316': 'X', '\r\n': '\n'}
    return {'type': 'Precompiled', 'precompiled_charsmap': DoubleArray(mapping).to_base64()}


def metaspace(scheme='always', split=True):
    return {'type': 'Metaspace', 'replacement': '\u2581', 'prepend_scheme': scheme, 'split': split}


def template(ids, first, last):
    def piece(kind, name):
        return {kind: {'id': name, 'type_id': 0}}

    single = [piece('SpecialToken', t) for t in first] + [piece('Sequence', 'A')] + [piece('SpecialToken', t) for t in last]
    pair = single + [piece('SpecialToken', t) for t in last] + [piece('Sequence', 'B')] + [piece('SpecialToken', t) for t in last]
    return {'type': 'TemplateProcessing', 'single': single, 'pair': pair,
            'special_tokens': {t: {'id': t, 'ids': [ids[t]], 'tokens': [t]} for t in first + last}}


def shell(model, normalizer, splitter, post, decoder, added_tokens):
    return {'version': '1.0', 'truncation': None, 'padding': None, 'added_tokens': added_tokens, 'normalizer': normalizer, 'pre_tokenizer': splitter,
            'post_processor': post, 'decoder': decoder, 'model': model}


def unigram(normalizer, splitter, byte_fallback=False, decoder=None):
    pieces = list(SPECIAL)
    if byte_fallback:
        pieces += [f'<0x{byte:02X}>' for byte in range(256)]
    pieces += ['\u2581'] + ['\u2581' + w for w in WORDS[::2]] + WORDS + list('abcdefghijklmnopqrstuvwxyzATNY')
    pieces = list(dict.fromkeys(pieces))
    # Any numbers will do, so long as there are equal sums among them.
    vocab = [[p, 0.0 if i < 4 else -3.0 - len(p.encode()) % 5 * 0.5 - i % 7 * 0.25] for i, p in enumerate(pieces)]
    n = len(vocab)
    extra = [common.added(t, i) for i, t in enumerate(SPECIAL)]
    extra += [common.added('<mask>', n, lstrip=True), common.added('東京タ', n + 1, normalized=True, special=False)]
    ids = {t: i for i, t in enumerate(SPECIAL)}
    return shell({'type': 'Unigram', 'unk_id': 3, 'vocab': vocab, 'byte_fallback': byte_fallback}, normalizer, splitter,
                 template(ids, ['<s>'], ['</s>']), decoder or metaspace(), extra)


QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def byte_level(**kwargs):
    return {'type': 'ByteLevel', 'add_prefix_space': False, 'trim_offsets': False, 'use_regex': True, **kwargs}


def split(pattern, behavior='Isolated', invert=False):
    return {'type': 'Split', 'pattern': pattern, 'behavior': behavior, 'invert': invert}


def train_bpe(is_byte_level):
    """A BPE model of what it finds in the texts below, with single characters at least. Training is not the same each time: what is
    there stays."""
    path = common.HERE / ('part_gpt2' if is_byte_level else 'part_bpe_dropped') / 'tokenizer.json'
    if path.exists():
        return json.loads(path.read_text())['model']
    tokenizer = tokenizers.Tokenizer(models.BPE())
    texts = [t for t in common.make_texts() if len(t) < 100 and '\0' not in t] * 3
    if is_byte_level:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    else:
        texts = [t.replace(' ', '\u2581') for t in texts]
        alphabet = ['\u2581']
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=420 if is_byte_level else 700, initial_alphabet=alphabet, limit_alphabet=256 if is_byte_level else 60,
                                                             special_tokens=SPECIAL, show_progress=False))
    return json.loads(tokenizer.to_str())['model']


def bpe(model, normalizer, splitter, post, decoder, extra=()):
    ids = dict(model['vocab'])
    added = [common.added(t, i) for i, t in enumerate(SPECIAL)]
    added += [{**token, 'id': ids.setdefault(token['content'], len(ids))} for token in extra]
    return shell(model, normalizer, splitter, post, decoder, added)


def make_bpe_folders():
    bytes_model, text_model = train_bpe(True), train_bpe(False)
    ids = {t: i for i, t in enumerate(SPECIAL)}
    fallback = dict(text_model['vocab'])
    for byte in range(256):
        fallback[f'<0x{byte:02X}>'] = len(fallback)
    spaces = [common.added(' ' * n, 0, normalized=True, special=False) for n in range(6, 1, -1)]
    roberta = {'type': 'RobertaProcessing', 'sep': ['</s>', 2], 'cls': ['<s>', 0], 'trim_offsets': True, 'add_prefix_space': True}
    qwen_post = {'type': 'Sequence', 'processors': [byte_level(), template(ids, [], ['</s>'])]}
    underline = {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '\u2581'}
    words = {w: i for i, w in enumerate(SPECIAL + WORDS + ['-', 'don', "'", 'the-', '.', '...', 'a.'])}
    return {
        'part_gpt2': bpe(bytes_model, None, byte_level(), byte_level(trim_offsets=True), byte_level()),
        'part_roberta': bpe(bytes_model, None, byte_level(add_prefix_space=True), roberta, byte_level(),
                            [common.added('<mask>', 0, lstrip=True), common.added('東京', 0, normalized=True), common.added('day', 0, single_word=True)]),
        'part_modernbert': bpe(bytes_model, {'type': 'NFC'}, byte_level(), template(ids, ['<s>'], ['</s>']), byte_level(),
                               spaces + [common.added('<mask>', 0, lstrip=True), common.added('new', 0, normalized=True, single_word=True),
                                         common.added('<left>', 0, normalized=True, lstrip=True)]),
        'part_qwen': bpe(bytes_model, {'type': 'NFC'}, sequence('pretokenizers', split({'Regex': QWEN}), byte_level(use_regex=False)), qwen_post, byte_level()),
        'part_llama3': bpe({**bytes_model, 'ignore_merges': True}, None,
                           sequence('pretokenizers', split({'Regex': QWEN.replace(r'\p{N}|', r'\p{N}{1,3}|', 1)}, 'Removed', True), byte_level(use_regex=False)),
                           template(ids, ['<s>'], ['</s>']), byte_level()),
        'part_gemma': bpe({**text_model, 'vocab': fallback, 'byte_fallback': True, 'fuse_unk': True, 'unk_token': '<unk>'}, underline,
                          split({'String': ' '}, 'MergedWithPrevious'), template(ids, ['<s>'], ['</s>']),
                          sequence('decoders', {'type': 'Replace', 'pattern': {'String': '\u2581'}, 'content': ' '}, {'type': 'ByteFallback'}, {'type': 'Fuse'})),
        'part_bpe_unknown': bpe({**text_model, 'unk_token': '<unk>'}, underline, None, None, None),
        'part_bpe_fused': bpe({**text_model, 'unk_token': '<unk>', 'fuse_unk': True, 'vocab': {**text_model['vocab'], '<0xE2>': 700, '<0x98>': 701, '<0x83>': 702},
                               'byte_fallback': True}, {'type': 'Lowercase'}, split({'String': 'e'}, 'MergedWithNext'), None, None),
        'part_bpe_dropped': bpe(text_model, None, {'type': 'Punctuation', 'behavior': 'Contiguous'}, None, None),
        'part_words': bpe({'type': 'WordLevel', 'vocab': words, 'unk_token': '<unk>'}, {'type': 'Lowercase'},
                          sequence('pretokenizers', {'type': 'CharDelimiterSplit', 'delimiter': ' '}, {'type': 'Punctuation', 'behavior': 'MergedWithPrevious'}), None, None),
    }


def sequence(key, *parts):
    return {'type': 'Sequence', key: list(parts)}


def make_folders():
    """{folder: its tokenizer.json}"""
    two_spaces = {'type': 'Replace', 'pattern': {'Regex': ' {2,}'}, 'content': ' '}
    fallback = sequence('decoders', {'type': 'Replace', 'pattern': {'String': '\u2581'}, 'content': ' '}, {'type': 'ByteFallback'}, {'type': 'Fuse'},
                        {'type': 'Strip', 'content': ' ', 'start': 1, 'stop': 0})
    # As model2vec has it.
    rounded = [{'type': 'Replace', 'pattern': {'String': c}, 'content': f' {c} '} for c in string.punctuation]
    rounded += [{'type': 'Replace', 'pattern': {'Regex': r'\s+'}, 'content': ' '}, {'type': 'Strip', 'strip_left': True, 'strip_right': True}]
    # Neither may be done at once with the one before it.
    letters = [{'type': 'Replace', 'pattern': {'String': a}, 'content': b} for a, b in ('ab', 'bc', 'be', ('n', ''), ('t', 'n'))]
    return {
        'part_xlmr': unigram(precompiled(), sequence('pretokenizers', {'type': 'WhitespaceSplit'}, metaspace())),
        'part_bge_m3': unigram(sequence('normalizers', precompiled(), two_spaces), metaspace()),
        'part_unigram_bytes': unigram(sequence('normalizers', {'type': 'Prepend', 'prepend': '\u2581'},
                                               {'type': 'Replace', 'pattern': {'String': ' '}, 'content': '\u2581'}), None, True, fallback),
        'part_albert': unigram(sequence('normalizers', {'type': 'Replace', 'pattern': {'String': '``'}, 'content': '"'}, {'type': 'NFKD'},
                                        {'type': 'StripAccents'}, {'type': 'Lowercase'}), metaspace('first', False)),
        'part_nfkc': unigram(sequence('normalizers', {'type': 'Nmt'}, {'type': 'NFKC'}, {'type': 'Strip', 'strip_left': True, 'strip_right': True}),
                             sequence('pretokenizers', {'type': 'Whitespace'}, {'type': 'Digits', 'individual_digits': False})),
        'part_nfc': unigram({'type': 'NFC'}, sequence('pretokenizers', {'type': 'Digits', 'individual_digits': True}, metaspace('never'))),
        'part_nfd': unigram({'type': 'NFD'}, {'type': 'BertPreTokenizer'}),
        **make_bpe_folders(),
        'part_rounded': unigram(sequence('normalizers', precompiled(), *rounded), metaspace('always', False)),
        'part_replaced': unigram(sequence('normalizers', *letters), metaspace()),
    }


def make_texts():
    # Where a character is dropped at the beginning of a text, or marks there have to be put in order, the official places of all that
    # follow are wrong.
    return [t for t in common.make_texts() + OTHER_TEXTS if len(t) < 100 and t[:1] not in ('\u200b', '\ufeff', '\x7f', '\u0344', '\u0316')]


OTHER_TEXTS = [
    '  the   day  ', 'the  ', '\u2581the', 'a\u2581b', '\u2581\u2581', 'e\u0301\u0301', 'E\u0301x', 'x\u0301\u0316y', 'a\u200bb', '\r\n', 'a\r\nb',
    'ﬁ½Ａ①…', '\u1112\u1161\u11ab', '\u1100\u1161\u11a8\u11a8', '\uac00\u11a8', '👨‍👩‍👧', '<mask>', 'a <mask> b', '  <mask>', 'a  \u3000<mask>b', '<mask', '<s>a</s>',
    '<unk>', '☃☃ ☃', '☃<unk>☃', '<0x41>', '12 345 ١٢ ²', 'a1b22c', '東京タワー', '東京 タ', '``a``', '`', '```', 'ΟΔΟΣ Ω Å', '\u0344a', 'q\u0323\u0307', '\u0958\u09c7\u09be',
    "it's DON'T we'll I'VE x'ſ 're'", "'s't", "'", " 'll", 'a\n\nb', 'a \n \n b', ' \n', '\n \n', '1234 12345', 'a123b', '  a', 'a  ', '   ', '\t\ta', 'a\r\n\r\nb',
    'a!!\n\nb', '!!\r', ' !a', '北京1', 'daydream day', 'new', 'anew new-', '  <left>', 'e\u0301 E\u0301', 'a' + ' ' * 9 + 'b', 'the-day--end.', '☃ø☃', 'x☃y☃☃', '\U0001f600',
    ' \u0301a', 'the' * 20, 'x ' * 30, 'ø' * 30,
]


PAIRS = [('the day', 'in new york'), ('', ''), ('the', ''), ('', 'day'), ('the ' * 12, 'a'), ('a', 'the ' * 12), ('the ' * 9, 'day ' * 9), ('the ' * 8, 'day ' * 9),
         ('a </s> b', 'c <mask>'), ('e\u0301 the', '北京 the day')]


def write_pairs(folders, name):
    """{folder, first, second, cases: [{truncate, most, special, ids, types}...]} a line."""
    cuts = [('none', 0, True), ('none', 0, False)] + [(side, most, True) for side in ('end', 'start') for most in (6, 9, 10, 14)]
    with open(common.HERE / name, 'w') as out:
        for folder, parts in folders.items():
            tokenizer = tokenizers.Tokenizer.from_str(json.dumps(parts))
            for first, second in PAIRS:
                cases = []
                for side, most, special in cuts:
                    tokenizer.no_truncation()
                    if side != 'none':
                        tokenizer.enable_truncation(most, strategy='longest_first', direction={'end': 'right', 'start': 'left'}[side])
                    encoding = tokenizer.encode(first, second, add_special_tokens=special)
                    cases.append(dict(truncate=side, most=most, special=special, ids=encoding.ids, types=encoding.type_ids))
                out.write(json.dumps(dict(folder=folder, first=first, second=second, cases=cases), ensure_ascii=False, separators=(',', ':')) + '\n')


def main():
    folders = make_folders()
    write_pairs({name: folders[name] for name in ('part_xlmr', 'part_gpt2', 'part_roberta', 'part_qwen')} |
                {name: parts for name, parts in common.make_folders().items() if name in ('uncased', 'cased')}, 'pairs.jsonl')
    for name, parts in folders.items():
        common.write_json_folder(name, parts)
    common.write_golden(folders, 'parts.jsonl', make_texts(), [('none', 0, True), ('end', 6, True), ('start', 6, True)])


if __name__ == '__main__':
    sys.exit(main())
