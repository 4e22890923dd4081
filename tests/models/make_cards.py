#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what the tests of model cards read, under tests/data/cards/:

    matryoshka.md   a card in the layout of sentence-transformers' trainer, of a model of 1024 numbers trained with MatryoshkaLoss
    NAME.json       for each NAME.md, what PyYAML reads of its front matter: scalars as written, aliases as null

Needs PyYAML. Committed with what it makes; the same everywhere."""
import json
import pathlib
import re

import yaml

CARDS = pathlib.Path(__file__).resolve().parents[1] / 'data' / 'cards'
SIZES = (768, 512, 256, 128, 64)
N_QUERIES = 317
EXAMPLES = [
    ('What does a vessel report when it enters the exercise area?',
     ['Its position, course and speed, and how many unmanned vehicles it has on board.',
      'The tide tables of the harbour are printed once a year.',
      'Batteries are charged ashore, never below deck.']),
    ('Que distância mínima se mantém de um mergulhador?',
     ['Cinquenta metros, assinalados por uma bóia: quem navega mais perto reduz a marcha.',
      'A bandeira é içada ao nascer do sol.',
      'O relatório diário segue até às 18:00.']),
    ('Who may stop a trial: the safety officer?',
     ['Anyone who sees a danger; the safety officer decides when it goes on.',
      '#3 of the checklist names the frequencies.',
      '"Go" is said twice, "no go" once.']),
    ('Quantas horas dura uma missão do planador subaquático, e o que a limita quando a água é mais fria do que se previa?',
     ['Até trinta dias; numa água fria a bateria dá menos, e a missão acaba quando restam 20 % da carga, que chegam para o regresso.',
      "It's the current that drifts it, not the wind.",
      'Sim.']),
    ('yes',
     ['no', '1e3', 'null']),
]
METRICS = [(f'{name}@{k}', k) for name in ('Accuracy', 'Precision', 'Recall') for k in (1, 3, 5, 10)]
METRICS += [('Ndcg@10', 10), ('Mrr@10', 10), ('Map@100', 100)]


def value_of(size, name, k):
    """A number with as many digits as a share of the queries has."""
    hits = N_QUERIES - 900 // (k + 4) - 1500 // size
    share = hits / N_QUERIES
    return share / k if name.startswith('Precision') else share


def front_matter():
    results = []
    for size in SIZES:
        metrics = [{'type': f'cosine_{name.lower()}', 'value': value_of(size, name, k), 'name': f'Cosine {name}'} for name, k in METRICS]
        results.append({
            'task': {'type': 'information-retrieval', 'name': 'Information Retrieval'},
            'dataset': {'name': f'dim {size}', 'type': f'dim_{size}'},
            'metrics': metrics,
        })
    return {
        'language': ['en', 'pt'],
        'license': 'apache-2.0',
        'tags': ['sentence-transformers', 'sentence-similarity', 'feature-extraction', 'dataset_size:2853', 'loss:MatryoshkaLoss',
                 'loss:MultipleNegativesRankingLoss'],
        'base_model': 'BAAI/bge-large-en-v1.5',
        'widget': [{'source_sentence': text, 'sentences': sentences} for text, sentences in EXAMPLES],
        'pipeline_tag': 'sentence-similarity',
        'library_name': 'sentence-transformers',
        'metrics': [f'cosine_{name.lower()}' for name, _ in METRICS],
        'model-index': [{'name': 'A Matryoshka model for the sea', 'results': results}],
    }


def body():
    parameters = {
        'loss': 'MultipleNegativesRankingLoss',
        'matryoshka_dims': list(SIZES),
        'matryoshka_weights': [1] * len(SIZES),
        'n_dims_per_step': -1,
    }
    block = ''.join(f'  {line}\n' for line in ['```json', *json.dumps(parameters, indent=4).split('\n'), '```'])
    tables = ''
    for size in SIZES:
        rows = ''.join(f'| cosine_{name.lower()} | {value_of(size, name, k):.4f} |\n' for name, k in METRICS)
        tables += f'\n#### Information Retrieval\n* Dataset: `dim_{size}`\n\n| Metric | Value |\n|:--|:--|\n{rows}'
    return f"""
# A Matryoshka model for the sea

This model maps texts to vectors of 1024 numbers.

```python
model = SentenceTransformer("sea", truncate_dim=256)  # matryoshka_dims=[768, 512]: one of them
```

## Evaluation
{tables}
## Training

* Loss: <code>MatryoshkaLoss</code> with these parameters:
{block}"""


class AsWritten(yaml.BaseLoader):
    """Scalars as texts, plain nulls and aliases as null."""

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()
            return yaml.ScalarNode('tag:yaml.org,2002:null', '', event.start_mark, event.end_mark)
        self.peek_event().anchor = None
        return super().compose_node(parent, index)


AsWritten.add_implicit_resolver('tag:yaml.org,2002:null', re.compile('^(?:~|null|Null|NULL|)$'), ['~', 'n', 'N', ''])
AsWritten.add_constructor('tag:yaml.org,2002:null', lambda loader, node: None)


def main():
    written = yaml.dump(front_matter(), sort_keys=False, allow_unicode=True)
    (CARDS / 'matryoshka.md').write_text(f'---\n{written}---\n{body()}', encoding='utf-8')
    for path in sorted(CARDS.glob('*.md')):
        text = re.match(r'---\n(.*?\n)---\n', path.read_text(encoding='utf-8'), re.S)[1]
        read = yaml.load(text, Loader=AsWritten)
        path.with_suffix('.json').write_text(json.dumps(read, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
