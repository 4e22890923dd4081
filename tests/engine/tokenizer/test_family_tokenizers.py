# SPDX-License-Identifier: Apache-2.0
"""The tokenizers of model families on hostile texts: ids must be the official ones.

The small tokenizers and the texts are in SHARED_DIR. The real tokenizers are not redistributed: NESTD_REAL_TOKENIZERS names a folder
with xlmr.json, gpt2.json ... (tests/run makes it); their ids are in SHARED_DIR. What is missing is skipped.
"""
import gzip
import json
import os
import pathlib

import pytest

from test_random_unicode import SHARED, compare, compare_decoded, encode_ours, ids_of, make_texts, rng, tool  # noqa: F401

IDS = SHARED / 'tokenizer/families'
SMALL = SHARED.parent / 'reference/families/tokenizers'
REAL = pathlib.Path(os.environ.get('NESTD_REAL_TOKENIZERS', 'there is none'))


def read_gzip(path):
    return json.loads(gzip.decompress(path.read_bytes()))


@pytest.fixture(scope='module')
def texts():
    if not (IDS / 'texts.json.gz').exists():
        pytest.skip(f'{IDS} is not there')
    return read_gzip(IDS / 'texts.json.gz')


def make_folder(folder, tokenizer_json):
    # Indented, as transformers writes them: Gemma's has 33 MB.
    text = json.dumps(json.loads(tokenizer_json.read_bytes()), ensure_ascii=False, indent=2)
    (folder / 'tokenizer.json').write_text(text, encoding='utf-8')
    (folder / 'tokenizer_config.json').write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    return folder


@pytest.mark.parametrize('name', sorted(path.stem for path in SMALL.glob('*.json')))
def test_small_tokenizers(tool, texts, tmp_path, name):  # noqa: F811
    compare(tool, make_folder(tmp_path, SMALL / f'{name}.json'), texts, what=ids_of)


@pytest.mark.parametrize('name', sorted(path.stem for path in REAL.glob('*.json')) or ['none'])
def test_real_tokenizers(tool, texts, tmp_path, name):  # noqa: F811
    if name == 'none':
        pytest.skip('NESTD_REAL_TOKENIZERS names no folder with xlmr.json and others')
    folder = make_folder(tmp_path, REAL / f'{name}.json')
    expected = read_gzip(IDS / f'{name}.ids.json.gz')['ids']
    wrong = [(ascii(t), ids_of(o), e) for t, o, e in zip(texts, encode_ours(tool, folder, texts, 'none', 0), expected) if ids_of(o) != e]
    assert not wrong, f'{len(wrong)} differ; the shortest (text, ours, official): {min(wrong, key=lambda w: len(w[0]))}'


@pytest.mark.parametrize('name', sorted(path.stem for path in REAL.glob('*.json')) or ['none'])
def test_real_tokenizers_decode(tool, rng, tmp_path, name):  # noqa: F811
    if name == 'none':
        pytest.skip('NESTD_REAL_TOKENIZERS names no folder with xlmr.json and others')
    compare_decoded(tool, rng, make_folder(tmp_path, REAL / f'{name}.json'), make_texts(rng, 1000))
