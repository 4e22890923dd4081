#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the folders convert_* beside it, which have no tokenizer.json, converted.jsonl and converted_pairs.jsonl: what transformers
makes of texts and of pairs with them. All vocabularies are made here.

    pip install --no-deps -r tests/models/requirements.txt && pip install sentencepiece==0.2.3 protobuf==7.36.2
    python3 tests/data/tokenizer/make_converted_data.py
"""
import base64
import json
import os
import sys

os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_VERBOSITY='error')

import make_part_data as part  # noqa: E402
import make_tokenizer_data as common  # noqa: E402
from sentencepiece import sentencepiece_model_pb2 as pb  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4
MAP = base64.b64decode(part.precompiled()['precompiled_charsmap'])


def write_model(path, special, has_map=True):
    """special: {text: its type}; the other pieces are those of part_xlmr."""
    model = pb.ModelProto()
    pieces = [(text, 0, type) for text, type in special.items()]
    pieces += [(text, score, NORMAL) for text, score in part.unigram(None, None)['model']['vocab'] if text not in part.SPECIAL]
    for text, score, type in pieces:
        piece = model.pieces.add(piece=text, score=score)
        if type != NORMAL:  # as SentencePiece writes it
            piece.type = type
    model.trainer_spec.model_type = pb.TrainerSpec.UNIGRAM
    model.trainer_spec.vocab_size = len(pieces)
    model.normalizer_spec.name = 'nmt_nfkc'
    if has_map:
        model.normalizer_spec.precompiled_charsmap = MAP
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_merged(path, special, user_defined=()):
    """The pieces of part_bpe_dropped, in the order in which they were merged."""
    model = pb.ModelProto()
    for text, type in special.items():
        model.pieces.add(piece=text, score=0).type = type
    for byte in range(256):
        model.pieces.add(piece=f'<0x{byte:02X}>', score=0).type = 6
    for text in user_defined:
        model.pieces.add(piece=text, score=0).type = USER_DEFINED
    for i, text in enumerate(t for t in part.train_bpe(False)['vocab'] if t not in part.SPECIAL):
        model.pieces.add(piece=text, score=-i)
    model.trainer_spec.model_type = pb.TrainerSpec.BPE
    model.trainer_spec.byte_fallback = True
    model.normalizer_spec.remove_extra_whitespaces = False
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_bytes(folder, special):
    model = part.train_bpe(True)
    vocab = [text for text in model['vocab'] if text not in part.SPECIAL]
    (folder / 'vocab.json').write_text(json.dumps({text: i for i, text in enumerate([*special, *vocab])}, ensure_ascii=False))
    merges = [' '.join(merge) if isinstance(merge, list) else merge for merge in model['merges']]
    (folder / 'merges.txt').write_text('\n'.join(['#version: 0.2', *merges[:9], '#version again', *merges[9:], '']))


def write_words(folder, special):
    vocab = [text for text in common.make_vocab() if not text.startswith('[')]
    (folder / 'vocab.txt').write_text(''.join(f'{text}\n' for text in [*special, *vocab]))


XLMR = {'<unk>': UNKNOWN, '<s>': CONTROL, '</s>': CONTROL}
ALBERT = {'<pad>': CONTROL, '<unk>': UNKNOWN, '[CLS]': CONTROL, '[SEP]': CONTROL, '[MASK]': CONTROL, '.': USER_DEFINED, '-': USER_DEFINED}
DEBERTA = {'[PAD]': CONTROL, '[CLS]': CONTROL, '[SEP]': CONTROL, '[UNK]': UNKNOWN, '[S]': USER_DEFINED}
GEMMA = {'<pad>': CONTROL, '<eos>': CONTROL, '<bos>': CONTROL, '<unk>': UNKNOWN, '<mask>': USER_DEFINED}
T5 = {'<pad>': CONTROL, '</s>': CONTROL, '<unk>': UNKNOWN}
ROBERTA = ['<s>', '<pad>', '</s>', '<unk>', '<mask>']
TEXT_END = '<|endoftext|>'


def token(content, **flags):
    return {'content': content, 'single_word': False, 'lstrip': False, 'rstrip': False, 'normalized': False, 'special': True, **flags}


# {folder: (model_type, what writes its vocabulary, tokenizer_config.json, other files)}
FOLDERS = {
    'convert_xlmr': ('xlm-roberta', lambda f: write_model(f / 'sentencepiece.bpe.model', XLMR), {'tokenizer_class': 'XLMRobertaTokenizer'}, {}),
    # Nothing but a model_type says which class it is.
    'convert_xlmr_bare': ('xlm-roberta', lambda f: write_model(f / 'sentencepiece.bpe.model', XLMR, False), None, {
        'special_tokens_map.json': {'bos_token': '<s>', 'unk_token': '<unk>', 'mask_token': token('<mask>', lstrip=True)}}),
    'convert_xlmr_named': ('xlm-roberta', lambda f: write_model(f / 'sentencepiece.bpe.model', XLMR), {
        'tokenizer_class': 'XLMRobertaTokenizerFast', 'bos_token': '[B]', 'cls_token': '[B]', 'add_prefix_space': False,
        'additional_special_tokens': ['the', '<new>']}, {}),
    'convert_camembert': ('camembert', lambda f: write_model(f / 'sentencepiece.bpe.model', XLMR), {'tokenizer_class': 'CamembertTokenizer'}, {}),
    'convert_albert': ('albert', lambda f: write_model(f / 'spiece.model', ALBERT), {'tokenizer_class': 'AlbertTokenizer'}, {}),
    'convert_albert_cased': ('albert', lambda f: write_model(f / 'spiece.model', ALBERT), {
        'tokenizer_class': 'AlbertTokenizer', 'do_lower_case': False, 'keep_accents': True, 'extra_special_tokens': []}, {}),
    'convert_deberta': ('deberta-v2', lambda f: write_model(f / 'spm.model', DEBERTA), {'do_lower_case': False, 'vocab_type': 'spm'}, {}),
    'convert_deberta_split': ('deberta-v2', lambda f: write_model(f / 'spm.model', DEBERTA), {
        'tokenizer_class': 'DebertaV2Tokenizer', 'do_lower_case': True, 'split_by_punct': True, 'add_prefix_space': False}, {}),
    'convert_gemma': ('gemma3_text', lambda f: write_merged(f / 'tokenizer.model', GEMMA, ['[x]', '\n\n']), {
        'tokenizer_class': 'GemmaTokenizer', 'add_bos_token': True, 'add_eos_token': True}, {}),
    'convert_llama': ('llama', lambda f: write_merged(f / 'tokenizer.model', XLMR), {'tokenizer_class': 'LlamaTokenizer', 'add_bos_token': True, 'legacy': True}, {}),
    'convert_llama_new': ('llama', lambda f: write_merged(f / 'tokenizer.model', XLMR), {'tokenizer_class': 'LlamaTokenizerFast', 'add_prefix_space': None}, {}),
    'convert_mpnet': ('mpnet', lambda f: write_words(f, ['<s>', '<pad>', '</s>', '[UNK]', '<mask>']), {'tokenizer_class': 'MPNetTokenizer'}, {}),
    'convert_t5': ('t5', lambda f: write_model(f / 'spiece.model', T5), {'tokenizer_class': 'T5Tokenizer'}, {}),
    'convert_t5_few': ('t5', lambda f: write_model(f / 'spiece.model', T5), {
        'tokenizer_class': 'T5Tokenizer', 'extra_ids': 3, 'additional_special_tokens': [f'<extra_id_{i}>' for i in range(3)]}, {}),
    'convert_roberta': ('roberta', lambda f: write_bytes(f, ROBERTA), {'tokenizer_class': 'RobertaTokenizer', 'add_prefix_space': True,
                                                                        'mask_token': {'__type': 'AddedToken', **token('<mask>', lstrip=True)}}, {}),
    'convert_roberta_bare': ('roberta', lambda f: write_bytes(f, ROBERTA), None, {'added_tokens.json': {'new york': 421}}),
    'convert_gpt2': ('gpt2', lambda f: write_bytes(f, [TEXT_END]), {'tokenizer_class': 'GPT2Tokenizer', 'add_bos_token': True, 'pad_token': None}, {}),
    'convert_qwen2': ('qwen3', lambda f: write_bytes(f, []), {
        'tokenizer_class': 'Qwen2Tokenizer', 'bos_token': None, 'unk_token': None, 'eos_token': '<|im_end|>', 'pad_token': TEXT_END, 'add_bos_token': False,
        'added_tokens_decoder': {'416': token(TEXT_END), '417': token('<|im_start|>'), '418': token('<|im_end|>')}}, {}),
}


def make_folder(name):
    """The tokenizer.json that transformers makes of it."""
    model_type, write, config, others = FOLDERS[name]
    folder = common.HERE / name
    folder.mkdir(exist_ok=True)
    write(folder)
    files = {'config.json': {'model_type': model_type}, **others}
    if config is not None:
        files['tokenizer_config.json'] = config
    for file, content in files.items():
        (folder / file).write_text(json.dumps(content, indent=1) + '\n')
    return json.loads(AutoTokenizer.from_pretrained(folder).backend_tokenizer.to_str())


OTHER_TEXTS = ['<extra_id_0>', 'a <extra_id_2> b', '<extra_id_99>the', 'the-day.', '- .', '[B] <s> <new>', '<s>NOTUSED', '<|im_start|>the<|im_end|>',
               '<|endoftext|>', 'a <mask> the', "''the``", 'a\tb\nc\r\nd\x0be', '\t', '\nthe\x0b', 'a [MASK] b[S]', 'The\u00a0day  ', '<s>the</s> day', 'a[x]\n\n\nb', '<0x0A>']


def main():
    folders = {name: make_folder(name) for name in FOLDERS}
    part.write_pairs(folders, 'converted_pairs.jsonl')
    common.write_golden(folders, 'converted.jsonl', part.make_texts()[::2] + OTHER_TEXTS, [('none', 0, True), ('end', 6, True)])


if __name__ == '__main__':
    sys.exit(main())
