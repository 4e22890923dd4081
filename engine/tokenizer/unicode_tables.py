#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes unicode_tables.inc: what the official tokenizer takes each code point for.

Its libraries are of several Unicode versions (categories of 8.0, decompositions of 12, case of
whichever Rust compiled it), so no one version's tables give its ids. This script asks the official
tokenizer itself (`pip install tokenizers`) about every code point, one property at a time.

    python3 engine/tokenizer/unicode_tables.py > engine/tokenizer/unicode_tables.inc
"""
import bisect
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
FLAGS = ['CONTROL', 'SPACE', 'PUNCTUATION', 'MARK', 'HAN', 'DECOMPOSES', 'UPPER', 'COMPATIBLE', 'COMBINING', 'LETTER',
         'NUMBER', 'WORD', 'NUMERIC']


def bert(**kwargs):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **kwargs}).normalize_str


def find_combining_classes(nfd):
    """{code point: class}, classes other than 0, from the order in which marks come out."""
    def is_above(a, b):  # whether a's class is above b's, and b's is not 0
        return a != b and nfd(a + b) == b + a

    least, most = '\u0334', '\u0345'  # of classes 1 and 240
    marks = [ch for ch in map(chr, CODE_POINTS) if nfd(ch) == ch and (is_above(ch, least) or is_above(most, ch))]
    samples = {}  # class -> a mark of it
    for ch in marks:
        samples.setdefault(unicodedata.combining(ch), ch)
    samples.pop(0, None)
    classes = {}
    for ch in marks:
        same = [k for k, mark in samples.items() if not is_above(ch, mark) and not is_above(mark, ch)]
        assert len(same) == 1, ascii(ch)
        classes[ord(ch)] = same[0]
    return classes


def find_properties():
    nfd = normalizers.NFD().normalize_str
    clean, han, strip = bert(clean_text=True), bert(handle_chinese_chars=True), bert(strip_accents=True)
    lower = bert(lowercase=True)
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    nfkd, strip_all = normalizers.NFKD().normalize_str, normalizers.StripAccents().normalize_str
    is_in = {name: pre_tokenizers.Split(Regex(pattern), 'removed').pre_tokenize_str
             for name, pattern in [('LETTER', r'\p{L}'), ('NUMBER', r'\p{N}'), ('SPACE', r'\s')]}
    words, white = pre_tokenizers.Whitespace().pre_tokenize_str, pre_tokenizers.WhitespaceSplit().pre_tokenize_str
    punctuation = pre_tokenizers.Punctuation().pre_tokenize_str
    digits = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str
    flags, lowered = {}, {}
    for c in CODE_POINTS:
        ch = chr(c)
        parts = [part for part, _ in split('a' + ch + 'b')]
        has = {
            'CONTROL': clean(ch) == '',
            'SPACE': parts == ['a', 'b'],
            'PUNCTUATION': parts == ['a', ch, 'b'],
            'MARK': strip(ch) == '',
            'HAN': han(ch) == ' ' + ch + ' ',
            'DECOMPOSES': nfd(ch) != ch,
            'UPPER': lower(ch) != ch,
            'COMPATIBLE': nfkd(ch) != nfd(ch),
            'COMBINING': strip_all(ch) == '',
            'LETTER': is_in['LETTER'](ch) == [],
            'NUMBER': is_in['NUMBER'](ch) == [],
            'WORD': [part for part, _ in words('a' + ch)] == ['a' + ch],
            'NUMERIC': [part for part, _ in digits('a' + ch)] == ['a', ch],
        }
        # What the C code takes for granted.
        assert clean(ch) == ('' if has['CONTROL'] else ' ' if has['SPACE'] else ch), hex(c)
        assert has['HAN'] or han(ch) == ch, hex(c)
        assert has['SPACE'] or has['PUNCTUATION'] or parts == ['a' + ch + 'b'], hex(c)
        assert (is_in['SPACE'](ch) == []) == (white(ch) == []) == has['SPACE'], hex(c)
        assert (len(punctuation('a' + ch)) == 2) == has['PUNCTUATION'], hex(c)
        flags[c] = sum(1 << i for i, name in enumerate(FLAGS) if has[name])
        if has['UPPER']:
            lowered[c] = lower(ch)
    return flags, lowered, find_combining_classes(nfd)


def write_rows(rows, per_line):
    for i in range(0, len(rows), per_line):
        print('    ' + ' '.join(row + ',' for row in rows[i:i + per_line]))


def write_runs(flags, classes):
    kinds, runs, last = {}, [], None
    for c in range(0x110000):
        kind = (flags.get(c, 0), classes.get(c, 0))
        if kind != last:
            runs.append((c, kinds.setdefault(kind, len(kinds))))
            last = kind
    assert len(kinds) < 256
    print('/* What a kind of code point is: its flags, its canonical combining class. */')
    print('static const struct code_point_kind kinds[] = {')
    write_rows([f'{{0x{f:04x}, {k}}}' for f, k in kinds], 7)
    print('};\n')
    print('/* Where a run of code points of one kind begins: first code point << 8 | kind. */')
    print('static const uint32_t runs[] = {')
    write_rows([f'0x{first << 8 | kind:08x}' for first, kind in runs], 8)
    print('};\n')
    firsts = [first for first, _ in runs]
    print('/* The run that a page of 256 code points begins in, for the pages below U+10000. */')
    print('static const uint16_t pages[] = {')
    write_rows([str(bisect.bisect_right(firsts, page << 8) - 1) for page in range(0x101)], 14)
    print('};\n')


def write_lowered(lowered):
    several = [c for c in lowered if len(lowered[c]) > 1]
    assert several == [0x130] and lowered[0x130] == 'i\u0307'
    rows = []  # [first, last, step, delta]
    for c, low in sorted(lowered.items()):
        if c == 0x130:
            continue
        delta = ord(low) - c
        if rows and rows[-1][3] == delta:
            step = c - rows[-1][1]
            if step == rows[-1][2] or (rows[-1][0] == rows[-1][1] and step in (1, 2)):
                rows[-1][1:3] = c, step
                continue
        rows.append([c, c, 1, delta])
    print('/* Every step-th code point from first to last has its small letter delta further on. */')
    print('static const struct lower_run lower_runs[] = {')
    write_rows([f'{{0x{a:x}, 0x{b:x}, {step}, {delta}}}' for a, b, step, delta in rows], 3)
    print('};')


def main():
    flags, lowered, classes = find_properties()
    print('/* SPDX-License-Identifier: Apache-2.0 */')
    print(f'/* Written by unicode_tables.py with tokenizers {tokenizers.__version__}. */')
    write_runs(flags, classes)
    write_lowered(lowered)


if __name__ == '__main__':
    main()
