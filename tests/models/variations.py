# SPDX-License-Identifier: Apache-2.0
"""A tiny BERT folder, and what check_variations.py changes in it: the table VARIATIONS, and the texts that tell the
variations apart. Needs NumPy and the package `tokenizers`."""
import collections
import json
import pathlib
import string

import make_random_model
import numpy as np

SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
FIVE = dict(zip(('pad_token', 'unk_token', 'cls_token', 'sep_token', 'mask_token'), SPECIAL))
LATER = ['<ent>', '<new>', 'Foo bar', 'newtok']  # which a variation adds: the weights have rows for them
SPARE = [f'[unused{i}]' for i in range(4)]  # rows for what is numbered on from there
LIMIT = 16


def vocabulary():
    letters = string.ascii_letters + string.digits + 'éüÉÜàãßẞñôαβγδοςσςΑΔΟΣжЖі東京北한'
    words = ('the The a cafe café Cafe Café CAFÉ hello Hello HELLO in In foo Foo bar new tok literal one two three four five '
             'six seven eight nine ten vu deja déjà istanbul what don t οδος οδοσ i̇').split()
    tokens = SPECIAL + ['[Q]', '[D]', '[mask]', 'x' * 100] + words + [c for c in letters] + ['##' + c for c in letters]
    tokens += ['\u0301', '\u0307', '##\u0301', '##\u0307', '##ing', '##foo', '##bar'] + list('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~、。')
    return list(dict.fromkeys(tokens))


HIDDEN = 24
COUNTED = 'one two three four five six seven eight nine ten'
TEXTS = [
    'The Café déjà vu', 'HELLO hello Hello', '東京 in北京 한', '[SEP] literal [MASK]', 'a[CLS]b [PAD][UNK] [mask]',
    f'{COUNTED} {COUNTED}', f'The {COUNTED} . {COUNTED} CAFÉ [SEP]', 'foofoo <ent>x<ent> <new>newtok', 'the Foo bar, foo bar FOO BAR.',
    '.', '\u200b', '\0a\0b', 'ÀÉÎõü straße STRASSE ẞ', 'ΟΔΟΣ οδος Σ', 'İstanbul istanbul', 'x' * 100 + ' ' + 'x' * 101,
    'new\tline\n\u00a0nbsp\u2028a', '[Q] what [D] [q]', "don't a.b,c!  👍🏽", 'e\u0301 E\u0301 i\u0307',
]


def make(folder, *arguments):
    """A random model with a few more rows than the vocabulary has tokens."""
    everything = folder / 'all.txt'
    everything.write_text(''.join(token + '\n' for token in vocabulary() + LATER + SPARE), encoding='utf-8')
    make_random_model.make([str(folder), '--vocab-file', str(everything), '--no-tokenizer-json', '--max-seq-length', str(LIMIT),
                            '--hidden', str(HIDDEN), '--heads', '3', '--positions', '40', '--prompt', 'query=find: ', *arguments])
    everything.unlink()
    (folder / 'vocab.txt').write_text(''.join(token + '\n' for token in vocabulary()), encoding='utf-8')


def write_base(folder):
    """The folder as sentence-transformers up to 5 saves it."""
    from tokenizers import BertWordPieceTokenizer
    folder.mkdir(parents=True)
    make(folder)
    BertWordPieceTokenizer(str(folder / 'vocab.txt'), lowercase=True).save(str(folder / 'tokenizer.json'))


class Folder:
    """A copy of the base folder that is being changed."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def read(self, name):
        return json.loads((self.path / name).read_text(encoding='utf-8'))

    def write(self, name, value):
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value, ensure_ascii=False), encoding='utf-8')

    def set(self, name, **keys):
        """Sets keys of a JSON file; DROP removes one. A file that is not there is made."""
        value = self.read(name) if (self.path / name).exists() else {}
        value.update(keys)
        self.write(name, {key: item for key, item in value.items() if item is not DROP})

    def remove(self, *names):
        for name in names:
            (self.path / name).unlink()


# --- what is changed: each of these makes a function of a Folder ---------------------------------------------------------------

DROP = object()
CONFIG, JSON, MAP, SENTENCE, MODULES = ('tokenizer_config.json', 'tokenizer.json', 'special_tokens_map.json',
                                        'sentence_bert_config.json', 'modules.json')
WHOLE = 'config_sentence_transformers.json'
FAST = 'PreTrainedTokenizerFast'
N = len(vocabulary())  # the id of the first token that is added


def put(name, **keys):
    return lambda folder: folder.set(name, **keys)


def write(name, value):
    return lambda folder: folder.write(name, value)


def remove(*names):
    return lambda folder: folder.remove(*names)


def config(**keys):
    return put(CONFIG, **keys)


def edit(name, change):
    """Changes what is in a JSON file in place."""
    def do(folder):
        value = folder.read(name)
        change(value)
        folder.write(name, value)
    return do


def normalizer(**keys):
    return edit(JSON, lambda json: json['normalizer'].update(keys))


def rules(**keys):
    return edit(JSON, lambda json: json['model'].update(keys))


def json_says(**keys):
    return put(JSON, **keys)


def before_normalizer(*types):
    return edit(JSON, lambda json: json.update(
        normalizer={'type': 'Sequence', 'normalizers': [*({'type': name} for name in types), json['normalizer']]}))


def truncation(direction):
    return json_says(truncation=dict(direction=direction, max_length=9, strategy='LongestFirst', stride=0))


def token(content, **flags):
    return {'content': content, 'lstrip': False, 'rstrip': False, 'normalized': False, 'single_word': False, 'special': True, **flags}


def json_token(content, id, **flags):
    return edit(JSON, lambda json: json['added_tokens'].append(dict(token(content, **flags), id=id)))


def vocab_lines(change):
    def do(folder):
        path = folder.path / 'vocab.txt'
        path.write_text(change(path.read_text(encoding='utf-8')), encoding='utf-8')
    return do


def sentence(name, **keys):
    """sentence_bert_config.json under another name."""
    def do(folder):
        folder.remove(SENTENCE)
        folder.write(name, keys)
    return do


def modules(*names, **files):
    """Transformer, Pooling and then these."""
    def do(folder):
        rows = folder.read(MODULES)[:2]
        for i, name in enumerate(names, 2):
            rows.append({'idx': i, 'name': str(i), 'path': f'{i}_{name}', 'type': f'sentence_transformers.models.{name}'})
            folder.write(f'{i}_{name}/config.json', files.get(name, {}))
        folder.write(MODULES, rows)
    return do


def weights(path, **shapes):
    """Random ones for a module; a name's double underscore is a point."""
    def do(folder):
        from safetensors.numpy import save_file
        rng = np.random.default_rng(7)
        values = {name.replace('__', '.'): rng.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}
        save_file(values, folder.path / path / 'model.safetensors')
    return do


def pooling(*modes, **keys):
    return write('1_Pooling/config.json', {'embedding_dimension': HIDDEN, 'pooling_mode': list(modes), **keys})


def remade(*arguments):
    """Weights and config.json anew, by these arguments of make_random_model.py."""
    def do(folder):
        folder.remove('model.safetensors')
        make(folder.path, *arguments)
    return do


# --- the table ----------------------------------------------------------------------------------------------------------------

# `refusal`: what nestd's refusal must hold, file and key, where the folder may not be served; None: it must be. `ask`: fields
# of the request and arguments of the library's encode.
Variation = collections.namedtuple('Variation', 'name changes refusal ask')
VARIATIONS = []


def served(name, *changes, ask=None):
    VARIATIONS.append(Variation(name, changes, None, ask or {}))


def refused(name, *changes, by):
    VARIATIONS.append(Variation(name, changes, by, {}))


VOCAB = remove(JSON)  # then vocab.txt is read

served('base')
served('base, vocab.txt', VOCAB)

# A1, A5: classes
for name in ('BertTokenizerFast', 'DistilBertTokenizer', 'DistilBertTokenizerFast', 'ElectraTokenizer', 'MPNetTokenizer', None, DROP):
    served(f'class {name if name is not DROP else "absent"}, normalizer says otherwise',
           config(tokenizer_class=name, do_lower_case=DROP, strip_accents=DROP), normalizer(lowercase=False))
served('class ElectraTokenizerFast, vocab.txt', config(tokenizer_class='ElectraTokenizerFast'), VOCAB)
served('class PreTrainedTokenizerFast, cased', config(tokenizer_class=FAST), normalizer(lowercase=False))
served('class PreTrainedTokenizerFast by config.json', config(tokenizer_class=DROP), normalizer(lowercase=False),
       put('config.json', tokenizer_class=FAST))
refused('class PreTrainedTokenizerFast, vocab.txt', config(tokenizer_class=FAST), VOCAB, by=(CONFIG, 'tokenizer_class'))
refused('class BertJapaneseTokenizer', VOCAB, by=(CONFIG, 'tokenizer_class'),
        *[config(tokenizer_class='BertJapaneseTokenizer', word_tokenizer_type='mecab', subword_tokenizer_type='wordpiece',
                 do_lower_case=False)])
refused('class BertJapaneseTokenizer by config.json', config(tokenizer_class=DROP),
        put('config.json', tokenizer_class='BertJapaneseTokenizer'), by=('config.json', 'tokenizer_class'))
refused('class RobertaTokenizer', config(tokenizer_class='RobertaTokenizer'), by=(CONFIG, 'tokenizer_class'))
refused('auto_map', config(auto_map={'AutoTokenizer': ['code.Tokenizer', None]}), by=(CONFIG, 'auto_map'))

# A2: the side that is cut
served('truncation_side left', config(truncation_side='left'))
served('truncation_side left, vocab.txt', config(truncation_side='left'), VOCAB)
served('truncation direction Left', truncation('Left'))
served('truncation direction Left, truncation_side right', truncation('Left'), config(truncation_side='right'))
served('truncation direction Right, truncation_side left', truncation('Right'), config(truncation_side='left'))
refused('truncation_side both', config(truncation_side='both'), by=(CONFIG, 'truncation_side'))

# A3: literals of special tokens
served('split_special_tokens', config(split_special_tokens=True))
served('split_special_tokens, vocab.txt', config(split_special_tokens=True, added_tokens_decoder={
    str(N): token('<ent>'), str(N + 1): token('Foo bar', special=False, normalized=True)}), VOCAB)
served('split_special_tokens, PreTrainedTokenizerFast', config(split_special_tokens=True, tokenizer_class=FAST))

# A4: the normaliser's switches
for key, name in (('do_lower_case', 'lowercase'), ('strip_accents', 'strip_accents'), ('tokenize_chinese_chars', 'handle_chinese_chars')):
    for value in (True, False):
        served(f'{key} {value}', config(**{key: value}))
        served(f'{key} {value}, vocab.txt', config(**{key: value}), VOCAB)
    served(f'{key} absent, normalizer says otherwise', config(**{key: DROP}), normalizer(**{name: False}))
served('strip_accents null, do_lower_case false', config(strip_accents=None, do_lower_case=False))
served('strip_accents true, do_lower_case false', config(strip_accents=True, do_lower_case=False))
served('no tokenizer_config.json, normalizer says otherwise', remove(CONFIG), normalizer(lowercase=False, strip_accents=False))
served('no tokenizer_config.json, vocab.txt', remove(CONFIG), VOCAB)
refused('do_lower_case null', config(do_lower_case=None), by=(CONFIG, 'do_lower_case'))

# A6: tokens that are named in one file of several
for suffix, *also in (('', ), (', vocab.txt', VOCAB)):
    served('additional_special_tokens' + suffix, config(additional_special_tokens=['[Q]', '<ent>']), *also)
    served('extra_special_tokens' + suffix, config(extra_special_tokens=['[Q]', '<ent>']), *also)
    served('extra_special_tokens an object' + suffix, config(extra_special_tokens={'q_token': '[Q]', 'ent_token': '<ent>'}), *also)
    served('additional_special_tokens in the map' + suffix, put(MAP, additional_special_tokens=['[Q]', '<ent>']), *also)
    served('added_tokens_decoder' + suffix, config(added_tokens_decoder={
        str(N): token('<ent>'), str(N + 1): token('Foo bar', special=False, normalized=True), '5': token('[Q]')}), *also)
    served('added_tokens_decoder beside a map' + suffix, config(added_tokens_decoder={str(N): token('<ent>')}),
           put(MAP, additional_special_tokens=['[D]'], mask_token='[Q]'), *also)
    served('added_tokens.json' + suffix, write('added_tokens.json', {'newtok': N + 1, '<ent>': N}), *also)
    served('added_tokens.json, special' + suffix, write('added_tokens.json', {'<ent>': N}),
           config(additional_special_tokens=['<ent>']), *also)
    served('mask_token of the map' + suffix, put(MAP, mask_token=token('[Q]')), *also)
    served('bos_token and eos_token' + suffix, config(bos_token='<ent>', eos_token='[D]'), *also)
    refused('added_tokens.json, another id' + suffix, write('added_tokens.json', {'<ent>': N + 2}), *also, by=('added_tokens.json', '<ent>'))
    refused('a special token of its own' + suffix, config(query_token='[Q]'), *also, by=(CONFIG, 'query_token'))
served('added_tokens empty', json_says(added_tokens=[]))
served('added_tokens empty, PreTrainedTokenizerFast', json_says(added_tokens=[]), config(tokenizer_class=FAST))
served('added_tokens empty, no other file', json_says(added_tokens=[]), remove(CONFIG, MAP))
served('added_tokens of tokenizer.json', json_token('<ent>', N), json_token('Foo bar', N + 1, normalized=True, special=False))
refused('added_tokens that added_tokens_decoder lacks', json_token('<ent>', N), config(added_tokens_decoder={'4': token('[MASK]')}),
        by=(JSON, 'added_tokens'))
served('cls_token, vocab.txt', config(cls_token='[Q]'), remove(MAP), VOCAB)
refused('cls_token that post_processor lacks', config(cls_token='[Q]'), remove(MAP), by=(JSON, 'post_processor'))
refused('unk_token that tokenizer.json lacks', config(unk_token='[Q]'), remove(MAP), by=(JSON, 'unk_token'))
refused('an object and a list of special tokens', config(additional_special_tokens=['<ent>'], extra_special_tokens={'q_token': '<new>'}),
        by=(CONFIG, 'additional_special_tokens'))
refused('two lists of special tokens', config(additional_special_tokens=['[D]']), put(MAP, additional_special_tokens=['[Q]']),
        by=(MAP, 'additional_special_tokens'))

# A7, and what else tokenizer.json may say of a BERT tokenizer
served('Lowercase before the normalizer', before_normalizer('Lowercase'))
served('Lowercase before the normalizer, PreTrainedTokenizerFast', config(tokenizer_class=FAST), normalizer(lowercase=False),
       before_normalizer('Lowercase'))
refused('NFC before the normalizer', before_normalizer('NFC'), by=(JSON, 'normalizer'))
refused('clean_text false', normalizer(clean_text=False), by=(JSON, 'clean_text'))
refused('max_input_chars_per_word 5', rules(max_input_chars_per_word=5), by=(JSON, 'max_input_chars_per_word'))
served('max_input_chars_per_word 5, PreTrainedTokenizerFast', rules(max_input_chars_per_word=5), config(tokenizer_class=FAST))
refused('post_processor null', json_says(post_processor=None), by=(JSON, 'post_processor'))
refused('another pre_tokenizer', json_says(pre_tokenizer={'type': 'Whitespace'}), by=(JSON, 'pre_tokenizer'))

# A8: the sentence file by its names, and the lengths
for family in ('bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'):
    served(f'do_lower_case in sentence_{family}_config.json', config(do_lower_case=False),
           sentence(f'sentence_{family}_config.json', max_seq_length=12, do_lower_case=True))
served('do_lower_case of sentence-transformers, accents kept', config(do_lower_case=False), put(SENTENCE, do_lower_case=True),
       config(added_tokens_decoder={str(N): token('Foo bar', normalized=True, special=False)}), VOCAB)
served('sentence_bert_config.json is empty, another is not', config(do_lower_case=False), write(SENTENCE, {}),
       write('sentence_roberta_config.json', {'max_seq_length': 12, 'do_lower_case': True}))
served('no modules.json', config(do_lower_case=False), put(SENTENCE, do_lower_case=True), remove(MODULES))
served('max_len', config(max_len=9, model_max_length=DROP), write(SENTENCE, {'do_lower_case': False}))
served('max_len and model_max_length', config(max_len=9, model_max_length=11), write(SENTENCE, {'do_lower_case': False}))
served('no length at all', config(model_max_length=DROP), write(SENTENCE, {'do_lower_case': False}))

# A9: modules, a blank line, prompts
served('Dropout', modules('Dropout', Dropout={'dropout': 0.5}))
served('Normalize, Dropout, Normalize', modules('Normalize', 'Dropout', 'Normalize'))
served('LayerNorm', modules('LayerNorm', LayerNorm={'dimension': HIDDEN}), weights('2_LayerNorm', norm__weight=HIDDEN, norm__bias=HIDDEN))
served('Dense, LayerNorm', modules('Dense', 'LayerNorm', LayerNorm={'dimension': 5}, Dense={
    'in_features': HIDDEN, 'out_features': 5, 'bias': True, 'activation_function': 'torch.nn.modules.activation.Tanh'}),
    weights('2_Dense', linear__weight=(5, HIDDEN), linear__bias=5), weights('3_LayerNorm', norm__weight=5, norm__bias=5))
refused('a module that is not served', modules('CNN'), by=(MODULES, 'CNN'))
served('a blank line behind vocab.txt', vocab_lines(lambda text: text + ''.join(f'{t}\n' for t in LATER + SPARE) + '\n'), VOCAB)
served('a vocab.txt with a token twice', vocab_lines(lambda text: text + 'hello\n'), VOCAB)
served('prompt_name query without prompts', put(WHOLE, prompts={}), ask={'prompt_name': 'query'})
served('prompt_name document beside other prompts', ask={'prompt_name': 'document'})
served('prompt_name query', ask={'prompt_name': 'query'})
served('default_prompt_name', put(WHOLE, default_prompt_name='query'))
served('default_prompt_name without prompts', put(WHOLE, prompts={}, default_prompt_name='document'))
served('prompt left out of the pooling', pooling('mean', include_prompt=False), ask={'prompt_name': 'query'})
served('prompt left out of the pooling, truncation_side left', config(truncation_side='left'), pooling('mean', include_prompt=False),
       ask={'prompt_name': 'query'})

# poolings, shards, names of tensors
for mode in make_random_model.MODES:
    served(f'pooling {mode}', pooling(mode))
served('poolings put together', pooling('max', 'cls', 'lasttoken'))
served('shards', remade('--shards', '3'))
served('names that begin with bert.', remade('--prefix'))
served('relu, layer_norm_eps', remade('--act', 'relu', '--eps', '1e-5'))
served('DistilBERT', remade('--family', 'distilbert'))
served('DistilBERT, saved with a head', remade('--family', 'distilbert', '--prefix'))

# keys that do not matter, and those that nobody knows
served('harmless keys', config(
    add_prefix_space=True, add_bos_token=True, add_eos_token=True, padding_side='left', model_input_names=['input_ids', 'attention_mask'],
    never_split=['foo', '[Q]'], do_basic_tokenize=False, clean_up_tokenization_spaces=True, backend='custom', name_or_path='x',
    max_length=9, stride=3, truncation_strategy='longest_first', pad_to_multiple_of=8, max_len=9, clean_text=False,
    wordpieces_prefix='@@', pad_token_type_id=1, init_inputs=[], use_fast=False))
served('harmless keys, vocab.txt', VOCAB, config(
    add_prefix_space=True, add_bos_token=True, add_eos_token=True, padding_side='left', never_split=['foo', '[Q]'],
    do_basic_tokenize=False, clean_text=False, wordpieces_prefix='@@', max_length=9, stride=3))
for key, value in dict(word_tokenizer_type='mecab', fast_tokenizer_files=['tokenizer.9.0.0.json'], vocab={'[UNK]': 0},
                       tokenizer_truncation={'direction': 'left'}).items():
    refused(f'{key} in tokenizer_config.json', config(**{key: value}), by=(CONFIG, key))
