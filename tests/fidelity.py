#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints how well the default model does through the running server, and fails where a figure is
wrong.

    fidelity.py --binary NESTD --model FOLDER [--data ../shared/data] [--quick]

The figures expected are those published for the model (MTEB results), and at fewer dimensions those
of an independent engine. The golden vectors were made with the float16 weights, TEI's own with
float32. --quick leaves SciFact out."""

import argparse
import base64
import csv
import json
import pathlib
import re
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "http"))

from harness import Server, native_dtypes  # noqa: E402

STS_SPEARMAN = {384: 82.03, 256: 81.89, 128: 80.68, 64: 79.21}
STS_PORTUGUESE_SPEARMAN = 61.56
STS_TOLERANCE = 0.01
SCIFACT_NDCG = {384: 0.6451, 256: 0.6349, 128: 0.6016, 64: 0.4839}
SCIFACT_TOLERANCE = 0.0003
GOLDEN_TOLERANCE = 5e-6  # an element, against another engine on the same float16 weights
TEI_TOLERANCE = 3e-4  # an element of unit vectors: float16 weights against float32 ones
# What a faster number format may cost, against float32 through the same program.
GATES = {
    "bfloat16": {"least": 0.9995, "mean": 0.9999, "spearman": 0.05, "ndcg": 0.001},
    "int8": {"least": 0.99, "mean": 0.998, "spearman": 0.3, "ndcg": 0.005},
}
TEI_TEXTS = ["What is Deep Learning?", "Deep Learning is...", "What is Deep Learning?"]


class Table:
    """Rows of what was measured beside what was expected."""

    def __init__(self):
        self.failures = 0
        print(f"{'':52}{'measured':>12}{'expected':>12}{'within':>12}")

    def add(self, name, measured, expected, tolerance):
        good = abs(measured - expected) <= tolerance
        self.failures += not good
        numbers = "".join(f"{number(value):>12}" for value in (measured, expected, tolerance))
        print(f"{name:52}{numbers}{'' if good else '  WRONG'}", flush=True)

    def at_least(self, name, measured, least):
        good = measured >= least
        self.failures += not good
        print(
            f"{name:52}{number(measured):>12}{number(least):>12}{'or more':>12}{'' if good else '  WRONG'}",
            flush=True,
        )


def number(value):
    return f"{value:.4g}" if 0 < abs(value) < 0.01 else f"{value:.4f}"


def embed(server, texts, dims=384, **fields):
    """[n, dims], unit vectors as a rule."""
    rows = []
    for start in range(0, len(texts), 512):
        part = texts[start : start + 512]
        reply = server.embed(input=part, dimensions=dims, encoding_format="base64", **fields)
        rows += [
            np.frombuffer(base64.b64decode(item["embedding"]), "<f4") for item in reply["data"]
        ]
    return np.array(rows)


def ranks(values):
    """From 1; equal values share the mean of their ranks."""
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[group]


def spearman(a, b):
    return np.corrcoef(ranks(a), ranks(b))[0, 1]


def read_pairs(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return (
        [row[0] for row in rows],
        [row[1] for row in rows],
        np.array([float(row[2]) for row in rows]),
    )


def check_sts(server, table, data, language, dims, expected):
    left, right, scores = read_pairs(data / f"sts/stsb-{language}-test.csv")
    vectors = embed(server, left + right, dims).astype(float)
    cosines = np.sum(vectors[: len(left)] * vectors[len(left) :], axis=1)
    table.add(
        f"STS benchmark {language}, Spearman x100, {dims} dims",
        100 * spearman(cosines, scores),
        expected,
        STS_TOLERANCE,
    )


def check_golden(server, table, data):
    """The golden file holds both sides of each pair in order."""
    left, right, _ = read_pairs(data / "sts/stsb-en-test.csv")
    golden = np.fromfile(data / "golden/minilm_fp16_stsb_en_test.f32", "<f4").reshape(-1, 384)
    texts = [text for pair in zip(left, right) for text in pair]
    difference = np.abs(embed(server, texts).astype(float) - golden)
    table.add("golden vectors, largest difference", difference.max(), 0, GOLDEN_TOLERANCE)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def read_snapshot(path):
    numbers = re.findall(r"^[- ]*- (-?[\d.e-]+)$", path.read_text(), re.MULTILINE)
    return np.array(numbers, dtype=float).reshape(-1, 384)


def check_tei(start, table, data):
    """TEI made these with CLS pooling, which is not the model's own."""
    server = start("--pooling", "cls", "--dtype", "float32")
    for name in ("single", "batch"):
        golden = read_snapshot(data / f"golden/tei_minilm_bert_{name}_pooled.snap")
        mine = embed(server, TEI_TEXTS[: len(golden)])
        table.add(
            f"TEI's golden vectors, {name}, largest difference",
            np.abs(mine - unit(golden)).max(),
            0,
            TEI_TOLERANCE,
        )


def read_scifact(folder):
    with open(folder / "corpus.jsonl", encoding="utf-8") as file:
        documents = {
            row["_id"]: f"{row['title']} {row['text']}".strip() for row in map(json.loads, file)
        }
    with open(folder / "queries.jsonl", encoding="utf-8") as file:
        queries = {row["_id"]: row["text"] for row in map(json.loads, file)}
    relevant = {}
    for row in list(csv.reader(open(folder / "qrels/test.tsv"), delimiter="\t"))[1:]:
        relevant.setdefault(row[0], {})[row[1]] = int(row[2])
    return documents, {key: queries[key] for key in relevant}, relevant


def ndcg_at_10(scores, document_ids, grades):
    best = np.argsort(-scores, kind="stable")[:10]
    discounts = 1 / np.log2(np.arange(2, 12))
    gained = sum(grades.get(document_ids[j], 0) * discounts[i] for i, j in enumerate(best))
    ideal = np.sort(list(grades.values()))[::-1][:10]
    return gained / np.sum(ideal * discounts[: len(ideal)])


def scifact_scores(server, data):
    """nDCG@10 by dimension: the first numbers of one set of vectors, renormalised."""
    documents, queries, relevant = read_scifact(data / "retrieval/scifact")
    ids = list(documents)
    document_vectors = embed(server, list(documents.values()))
    query_vectors = embed(server, list(queries.values()))
    found = {}
    for dims in SCIFACT_NDCG:
        scores = unit(query_vectors[:, :dims]) @ unit(document_vectors[:, :dims]).T
        found[dims] = np.mean(
            [ndcg_at_10(row, ids, relevant[query]) for row, query in zip(scores, queries)]
        )
    return found


def cosines_of(a, b):
    return np.sum(a * b, axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def pair_spearman(vectors, scores, dims):
    left, right = np.split(vectors[:, :dims], 2)
    return 100 * spearman(cosines_of(left, right), scores)


def print_fallbacks(server):
    """Which products the server has in a finer format than int8, and what its probe found."""
    report = server.get("/info").json()["int8"]
    if report is None:
        return
    names = [f"layer {one['layer']} {one['product']}" for one in report["fallbacks"]]
    print(f"int8: not in int8: {', '.join(names) or 'nothing'}")
    print(
        f"int8: {report['probe_texts']} probe texts: cosine to float32 {report['mean_cosine']:.4f} "
        f"in the mean, {report['least_cosine']:.4f} at least"
    )


def check_dtype(dtype, starter, table, data, quick, exact):
    """A dtype against float32's vectors, `exact`."""
    gates = GATES[dtype]
    server = starter("--dtype", dtype, "--cache-size", "0")
    print_fallbacks(server)
    left, right, scores = read_pairs(data / "sts/stsb-en-test.csv")
    vectors = embed(server, left + right).astype(float)
    cosines = cosines_of(vectors, exact["sts"])
    table.at_least(f"{dtype}: cosine to float32, least", cosines.min(), gates["least"])
    table.at_least(f"{dtype}: cosine to float32, mean", cosines.mean(), gates["mean"])
    for dims in STS_SPEARMAN:
        table.add(
            f"{dtype}: STS benchmark en, {dims} dims",
            pair_spearman(vectors, scores, dims),
            pair_spearman(exact["sts"], scores, dims),
            gates["spearman"],
        )
    if not quick:
        found = scifact_scores(server, data)
        for dims, expected in exact["scifact"].items():
            if dims == 384:
                table.add(f"{dtype}: SciFact, nDCG@10", found[dims], expected, gates["ndcg"])


def check_all(start, data, quick, dtypes):
    """start(*options) gives a running server. Returns how many figures are wrong."""
    table = Table()
    exact_options = ("--dtype", "float32", "--cache-size", "0")
    server = start(*exact_options)
    for dims, expected in STS_SPEARMAN.items():
        check_sts(server, table, data, "en", dims, expected)
    check_sts(server, table, data, "pt", 384, STS_PORTUGUESE_SPEARMAN)
    check_golden(server, table, data)
    check_tei(start, table, data)
    left, right, _ = read_pairs(data / "sts/stsb-en-test.csv")
    exact = {"sts": embed(server, left + right).astype(float)}
    if not quick:
        exact["scifact"] = scifact_scores(server, data)
        for dims, expected in SCIFACT_NDCG.items():
            table.add(
                f"SciFact, nDCG@10, {dims} dims",
                exact["scifact"][dims],
                expected,
                SCIFACT_TOLERANCE,
            )
    for dtype in dtypes:
        check_dtype(dtype, start, table, data, quick, exact)
    return table.failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--quick", action="store_true", help="leave SciFact out")
    parser.add_argument(
        "--dtypes",
        nargs="*",
        choices=list(GATES),
        default=native_dtypes(),
        help="number formats to hold against float32",
    )
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f"skipped: no reference data at {arguments.data}")
        return 77
    servers = []

    def start(*options):
        servers.append(Server(arguments.binary, arguments.model, *options))
        return servers[-1].wait_ready()

    try:
        failures = check_all(start, arguments.data, arguments.quick, arguments.dtypes)
    finally:
        for server in servers:
            server.stop()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
