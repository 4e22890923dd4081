#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a model at several sizes on questions and answers of one's own, for nestd to serve.

    pip install 'sentence-transformers[train]'
    train_matryoshka.py BASE QUESTIONS.csv OUT
    nestd evaluate --model-id OUT/model --data OUT/data
    nestd --model-id OUT/model

QUESTIONS.csv has a column of questions and one of answers; every fourth pair is kept for the evaluation. OUT gets the model with
its card and, in the layout that BEIR has, what it was evaluated on."""
import csv
import json
import pathlib
import sys

from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator, SequentialEvaluator
from sentence_transformers.sentence_transformer.losses import MatryoshkaLoss, MultipleNegativesRankingLoss

SIZES = [384, 256, 128, 64]


def make_evaluator(rows, answers):
    """Each question against all answers, at each size."""
    queries = {f'q{i}': question for i, (question, _) in enumerate(rows)}
    corpus = {f'a{i}': answer for i, answer in enumerate(answers)}
    ids = {answer: key for key, answer in corpus.items()}
    relevant = {f'q{i}': {ids[answer]} for i, (_, answer) in enumerate(rows)}
    evaluators = [InformationRetrievalEvaluator(queries, corpus, relevant, name=f'dim_{n}', truncate_dim=n) for n in SIZES]
    return SequentialEvaluator(evaluators), queries, corpus, relevant


def write_beir(folder, queries, corpus, relevant):
    (folder / 'qrels').mkdir(parents=True, exist_ok=True)
    for name, texts in (('queries', queries), ('corpus', corpus)):
        lines = [json.dumps({'_id': key, 'title': '', 'text': text}, ensure_ascii=False) + '\n' for key, text in texts.items()]
        (folder / f'{name}.jsonl').write_text(''.join(lines), encoding='utf-8')
    rows = ''.join(f'{query}\t{answer}\t1\n' for query, answers in relevant.items() for answer in answers)
    (folder / 'qrels' / 'test.tsv').write_text('query-id\tcorpus-id\tscore\n' + rows, encoding='utf-8')


def main(base, questions, out):
    out = pathlib.Path(out)
    with open(questions, encoding='utf-8', newline='') as file:
        rows = [(row['question'], row['answer']) for row in csv.DictReader(file)]
    tested = rows[::4]
    trained = [row for i, row in enumerate(rows) if i % 4]
    model = SentenceTransformer(base, device='cpu', model_kwargs={'dtype': 'float32'})
    evaluator, *data = make_evaluator(tested, [answer for _, answer in rows])
    write_beir(out / 'data', *data)

    train = Dataset.from_dict({'question': [row[0] for row in trained], 'answer': [row[1] for row in trained]})
    loss = MatryoshkaLoss(model, MultipleNegativesRankingLoss(model), SIZES)
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(out / 'checkpoints'), num_train_epochs=2, per_device_train_batch_size=12, learning_rate=5e-5, seed=1,
        use_cpu=True, save_strategy='no', report_to='none', logging_steps=1)
    SentenceTransformerTrainer(model, arguments, train, loss=loss).train()
    metrics = {name: float(value) for name, value in evaluator(model).items() if name.startswith('dim_')}
    model.save_pretrained(str(out / 'model'))
    (out / 'metrics.json').write_text(json.dumps(metrics, indent=1) + '\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
