#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every family that nestd serves and transformers has, made with random weights at half the size of its usual model and with few
layers, saved by sentence-transformers and given to nestd: vectors of texts, and scores of pairs by each
...ForSequenceClassification, are equal to 2e-5 of the largest. Every other type of model that transformers has is refused by its name.

    pip install --no-deps -r tests/models/requirements.txt
    python tests/models/stand_in_for_cuda.py
    python tests/models/check_families.py --binary build/plain/server/nestd

Ends with "N passed, N failed"; the exit status is 0 only if none failed."""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'http')]
os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_VERBOSITY='error', TOKENIZERS_PARALLELISM='false', TQDM_DISABLE='1')

from harness import Server  # noqa: E402

TOLERANCE = 2e-5
WORDS = [f'w{i}' for i in range(400)]
LIMIT = 160  # texts are cut at so many tokens

BASE = dict(hidden_size=384, num_hidden_layers=2, num_attention_heads=6, intermediate_size=1536)
GLU = dict(hidden_size=384, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2, intermediate_size=1024)
QWEN = dict(GLU, head_dim=128)
GEMMA = dict(hidden_size=384, num_hidden_layers=6, num_attention_heads=3, num_key_value_heads=1, head_dim=128, intermediate_size=576,
             sliding_window=32)
MODERN = dict(hidden_size=384, num_hidden_layers=4, num_attention_heads=6, intermediate_size=576, local_attention=32)
DEBERTA = dict(BASE, relative_attention=True, pos_att_type=['c2p', 'p2c'], position_buckets=32, norm_rel_ebd='layer_norm', share_att_key=True,
               position_biased_input=False, type_vocab_size=0)
T5 = dict(d_model=384, d_kv=64, d_ff=1024, num_layers=2, num_heads=6)

# name: the configuration's class, its settings, how token vectors are pooled; with types: a pair's second text has type 1.
FAMILIES = {
    'albert': ('AlbertConfig', dict(BASE, embedding_size=64), 'mean', True),
    'bert': ('BertConfig', BASE, 'cls', True),
    'camembert': ('CamembertConfig', BASE, 'mean', False),
    'deberta-v2': ('DebertaV2Config', DEBERTA, 'mean', False),
    'distilbert': ('DistilBertConfig', dict(dim=384, n_layers=2, n_heads=6, hidden_dim=1536), 'mean', False),
    'electra': ('ElectraConfig', dict(BASE, embedding_size=64), 'cls', True),
    'eurobert': ('EuroBertConfig', dict(GLU, classifier_pooling='mean'), 'mean', False),
    'eurobert-bos': ('EuroBertConfig', dict(GLU, classifier_pooling='bos'), 'cls', False),
    'gemma3': ('Gemma3TextConfig', GEMMA, 'lasttoken', False),
    'gemma3-bidirectional': ('Gemma3TextConfig', dict(GEMMA, use_bidirectional_attention=True), 'mean', False),
    'gte': ('GteConfig', BASE, 'cls', False),
    'jina-embeddings-v3': ('JinaEmbeddingsV3Config', dict(BASE, type_vocab_size=1), 'mean', False),
    'llama': ('LlamaConfig', GLU, 'lasttoken', False),
    'mistral': ('MistralConfig', dict(GLU, sliding_window=32), 'lasttoken', False),
    'mistral-unsaid': ('MistralConfig', GLU, 'lasttoken', False),
    'modernbert': ('ModernBertConfig', MODERN, 'cls', False),
    'modernbert-mean': ('ModernBertConfig', dict(MODERN, classifier_pooling='mean'), 'mean', False),
    'mpnet': ('MPNetConfig', BASE, 'mean', False),
    'mt5': ('MT5Config', dict(T5, feed_forward_proj='gated-gelu'), 'mean', False),
    'nomic-bert': ('NomicBertConfig', dict(BASE, intermediate_size=1024), 'mean', True),
    'qwen2': ('Qwen2Config', GLU, 'lasttoken', False),
    'qwen3': ('Qwen3Config', QWEN, 'lasttoken', False),
    'roberta': ('RobertaConfig', BASE, 'mean', False),
    't5': ('T5Config', dict(T5, feed_forward_proj='relu'), 'mean', False),
    'umt5': ('UMT5Config', T5, 'mean', False),
    'xlm-roberta': ('XLMRobertaConfig', BASE, 'cls', False),
}
UNJUDGED = {'mistral-unsaid', 'mt5', 't5', 'umt5'}  # T5's heads are the decoder's


def limit_of(name):
    """MistralConfig's window is 4096 tokens."""
    return 4200 if name == 'mistral-unsaid' else LIMIT


def texts_of(name):
    draw = random.Random(name)
    return [' '.join(draw.choices(WORDS, k=n)) for n in (1, 2, 7, 30, 75, limit_of(name) + 30)]


def write_tokenizer(folder, name):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast
    special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]']
    tokenizer = Tokenizer(models.WordLevel({token: i for i, token in enumerate(special + WORDS)}, unk_token='[UNK]'))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single='[CLS] $A [SEP]', pair='[CLS] $A [SEP] $B:1 [SEP]:1', special_tokens=[('[CLS]', 2), ('[SEP]', 3)])
    names = ['input_ids', *(['token_type_ids'] if FAMILIES[name][3] else []), 'attention_mask']
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token='[PAD]', unk_token='[UNK]', cls_token='[CLS]', sep_token='[SEP]',
                            model_max_length=limit_of(name), model_input_names=names).save_pretrained(folder)


def configure(name, **more):
    import transformers
    kind, settings, _, _ = FAMILIES[name]
    common = dict(vocab_size=len(WORDS) + 8,  # some tokenizers add one of their own
                  pad_token_id=0, bos_token_id=2, eos_token_id=3, max_position_embeddings=limit_of(name) + 40)
    return getattr(transformers, kind)(**{**common, **settings, **more})


def randomise(model):
    """Weights large enough that every part of a layer shows."""
    import torch
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, parameter.shape[-1] ** -0.5)
            else:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def make(name, folder, auto, **more):
    """A folder of transformers' own, with its tokenizer."""
    import torch
    import transformers
    torch.manual_seed(sum(map(ord, name)))
    randomise(getattr(transformers, auto).from_config(configure(name, **more))).save_pretrained(folder)
    write_tokenizer(folder, name)


def make_embedder(name, folder):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from sentence_transformers.base.modules import Transformer
    make(name, folder / 'bare', 'AutoModel')
    transformer = Transformer(str(folder / 'bare'))
    model = SentenceTransformer(modules=[transformer, Pooling(transformer.get_embedding_dimension(), FAMILIES[name][2])], device='cpu')
    model.save(str(folder / 'saved'))
    return [model.encode([text], show_progress_bar=False)[0].tolist() for text in texts_of(name)]


def make_judge(name, folder):
    import torch
    from sentence_transformers import CrossEncoder
    make(name, folder / 'bare', 'AutoModelForSequenceClassification', num_labels=1)
    model = CrossEncoder(str(folder / 'bare'), device='cpu')
    model.save_pretrained(str(folder / 'saved'))
    query, *texts = texts_of(name)
    return [[float(model.predict([(query, text)], activation_fn=torch.nn.Identity(), show_progress_bar=False)[0])] for text in texts]


def embed(server, name):
    return [row['embedding'] for row in server.embed(input=texts_of(name))['data']]


def judge(server, name):
    query, *texts = texts_of(name)
    reply = server.post('/rerank', {'query': query, 'texts': texts, 'raw_scores': True})
    assert reply.status == 200, reply
    return [[row['score']] for row in sorted(reply.json(), key=lambda row: row['index'])]


def forget_window(folder):
    path = folder / 'saved' / 'config.json'
    config = json.loads(path.read_text())
    assert config.pop('sliding_window') == 4096
    path.write_text(json.dumps(config))


def check(binary, folder, name, make_one, ask):
    """None where all is well; else what is not."""
    theirs = make_one(name, folder)
    if name == 'mistral-unsaid':
        forget_window(folder)
    server = Server(binary, folder / 'saved', '--threads', '1', '--dtype', 'float32')
    try:
        ours = ask(server.wait_ready(), name)
    except AssertionError as fault:
        return str(fault)
    finally:
        server.process.terminate()
        server.process.wait()
    largest = max(1, *(abs(number) for row in theirs for number in row))
    worst = max(abs(a - b) for x, y in zip(ours, theirs, strict=True) for a, b in zip(x, y, strict=True))
    return None if worst <= TOLERANCE * largest else f'differs by {worst:.2g} of {largest:.3g}'


def check_others(binary, folder):
    """None where all types of models that are not served are refused by file and key; else those that are not."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES
    accepted = []
    for kind in sorted(set(MODEL_MAPPING_NAMES) - {configure(name).model_type for name in FAMILIES}):
        config = CONFIG_MAPPING[kind]()
        config.save_pretrained(folder)
        done = subprocess.run([binary, '--check-config', '--model-id', folder], capture_output=True, text=True, check=False)
        if done.returncode == 0 or f'config.json: unsupported "model_type" "{config.model_type}"' not in done.stderr:
            accepted.append(kind)
    return f'not refused by name: {", ".join(accepted)}' if accepted else None


def main():
    p = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    p.add_argument('--binary', required=True, help='nestd')
    p.add_argument('--only', nargs='+', default=list(FAMILIES), choices=list(FAMILIES), metavar='FAMILY')
    o = p.parse_args()
    import torch
    torch.set_num_threads(1)
    failed = passed = 0

    def count(what, function, *arguments):
        nonlocal failed, passed
        with tempfile.TemporaryDirectory() as folder:
            complaint = function(os.path.abspath(o.binary), pathlib.Path(folder), *arguments)
        failed += bool(complaint)
        passed += not complaint
        if complaint:
            print(f'{what}: {complaint}', flush=True)

    for name in o.only:
        count(f'{name} embeds', check, name, make_embedder, embed)
        if name not in UNJUDGED:
            count(f'{name} judges', check, name, make_judge, judge)
    count('other models', check_others)
    print(f'{passed} passed, {failed} failed')
    return 0 if passed and not failed else 1


if __name__ == '__main__':
    sys.exit(main())
