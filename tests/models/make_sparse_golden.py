#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/models/sparse.json: tiny SPLADE folders of each family, as sentence-transformers saves them, and the vectors that
its SparseEncoder gives a few lists of ids.

    build/variations-venv/bin/python tests/models/make_sparse_golden.py

With --random FOLDER --family NAME it saves such a folder with random weights as FOLDER/whole, and prints its vectors of a few texts."""
import argparse
import json
import os
import pathlib
import random
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_VERBOSITY='error', TOKENIZERS_PARALLELISM='false')

import sparse_models  # noqa: E402

SIZES = dict(vocab_size=sparse_models.VOCABULARY, pad_token_id=0)
LIKE_BERT = dict(hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=80, max_position_embeddings=90, **SIZES)
MODELS = [
    # name, model_type, its configuration, SpladePooling's
    ('bert', 'bert', LIKE_BERT, {}),
    ('bert-untied-sum', 'bert', dict(LIKE_BERT, tie_word_embeddings=False, hidden_act='gelu_new'), dict(pooling_strategy='sum')),
    ('distilbert', 'distilbert', dict(dim=48, n_layers=2, n_heads=4, hidden_dim=80, max_position_embeddings=90, **SIZES),
     dict(activation_function='log1p_relu')),
    ('xlm-roberta', 'xlm-roberta', dict(LIKE_BERT, hidden_act='relu'), {}),
    ('mpnet', 'mpnet', LIKE_BERT, {}),
    ('modernbert', 'modernbert', dict(LIKE_BERT, global_attn_every_n_layers=2, local_attention=16, cls_token_id=2, sep_token_id=3,
                                      bos_token_id=2, eos_token_id=3), {}),
]


TEXTS = ['w1 w2 a b w200', 'z', ' '.join(f'w{i}' for i in range(70)), 'w3 w3 [SEP] w4', 'unheard of']


def build(folder, name, model_type, config, pooling, random_weights=False):
    """The folder as the library saves it, with our weights or with random ones."""
    from sentence_transformers import SparseEncoder
    from sentence_transformers.sparse_encoder.modules import SpladePooling, Transformer
    from transformers import AutoConfig, AutoModelForMaskedLM

    plain = folder / 'plain'
    sparse_models.write_tokenizer(plain)
    model = AutoModelForMaskedLM.from_config(AutoConfig.for_model(model_type, initializer_range=0.3, **config))
    model.save_pretrained(plain)
    shapes = read_shapes(plain / 'model.safetensors')
    if not random_weights:
        sparse_models.write_weights(plain / 'model.safetensors', shapes)
    encoder = SparseEncoder(modules=[Transformer(str(plain), transformer_task='fill-mask'), SpladePooling(**pooling)], device='cpu')
    whole = folder / 'whole'
    encoder.save(str(whole))
    if name == 'bert':  # as versions before 5.4 spelled it
        spell_old(whole)
    files = {path.relative_to(whole).as_posix(): json.loads(path.read_text())
             for path in whole.rglob('*.json') if path.name not in ('tokenizer.json', 'tokenizer_config.json')}
    return {'name': name, 'files': files, 'shapes': read_shapes(whole / 'model.safetensors')}


def read_shapes(path):
    data = path.read_bytes()
    header = json.loads(data[8:8 + int.from_bytes(data[:8], 'little')])
    return {name: header[name]['shape'] for name in sorted(header) if name != '__metadata__'}


def spell_old(folder):
    modules = json.loads((folder / 'modules.json').read_text())
    for module, kind in zip(modules, ('MLMTransformer', 'SpladePooling')):
        module['type'] = f'sentence_transformers.sparse_encoder.models.{kind}.{kind}'
    (folder / 'modules.json').write_text(json.dumps(modules))
    (folder / 'sentence_bert_config.json').write_text(json.dumps({'max_seq_length': 80, 'do_lower_case': False}))
    pooling = json.loads((folder / '1_SpladePooling' / 'config.json').read_text())
    pooling['word_embedding_dimension'] = pooling.pop('embedding_dimension', None)
    (folder / '1_SpladePooling' / 'config.json').write_text(json.dumps(pooling))


def encode(folder, lists):
    import torch
    from sentence_transformers import SparseEncoder

    encoder = SparseEncoder(str(folder), device='cpu').eval()
    for ids in lists:
        with torch.no_grad():
            features = {'input_ids': torch.tensor([ids]), 'attention_mask': torch.ones(1, len(ids), dtype=torch.long)}
            yield encoder(features)['sentence_embedding'][0].tolist()


def show_random(folder, name):
    from sentence_transformers import SparseEncoder

    build(folder, *next(model for model in MODELS if model[0] == name), random_weights=True)
    vectors = SparseEncoder(str(folder / 'whole'), device='cpu').encode(TEXTS, batch_size=1, convert_to_sparse_tensor=False)
    print(json.dumps({text: vector.tolist() for text, vector in zip(TEXTS, vectors)}))


def write_golden():
    rng, rows = random.Random(7), []
    for model in MODELS:
        with tempfile.TemporaryDirectory() as work:
            work = pathlib.Path(work)
            row = build(work, *model)
            # 75 tokens are more than a block of the product's rows.
            lists = [[2, *(rng.randrange(5, sparse_models.VOCABULARY) for _ in range(n)), 3] for n in (1, 6, 73)]
            sparse_models.write(work / 'ours', row)
            vectors = encode(work / 'ours', lists)
            row['texts'] = [{'ids': ids, 'vector': {i: float(f'{value:.8g}') for i, value in enumerate(vector) if value}}
                            for ids, vector in zip(lists, vectors)]
            rows.append(row)
    sparse_models.GOLDEN.write_text('[\n' + ',\n'.join(json.dumps(row) for row in rows) + '\n]\n', encoding='utf-8')


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--random', type=pathlib.Path, metavar='FOLDER')
    p.add_argument('--family', default='bert', choices=[model[0] for model in MODELS])
    o = p.parse_args()
    if o.random:
        show_random(o.random, o.family)
    else:
        write_golden()


if __name__ == '__main__':
    sys.exit(main())
