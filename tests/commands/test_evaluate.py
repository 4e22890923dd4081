# SPDX-License-Identifier: Apache-2.0
"""nestd evaluate, as its users have it: files in, a report out. The expected figures are computed in NumPy (oracle.py) from the
vectors that a server gives for the same texts, and by sentence-transformers' evaluators where tests/run has installed them."""

import base64
import csv
import gzip
import io
import json
import os
import pathlib
import re
import stat
import subprocess
import xml.etree.ElementTree

import numpy as np
import oracle
import pytest
import yaml
from harness import environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "evaluate"
DIMS = [384, 256, 128, 64, 7]
DTYPES = ["float32", "int8", "binary", "binary-rescored"]
RESAMPLES = 500
EXACT = ("--dtype", "float32")  # nearer ties than bfloat16's would break another way round


@pytest.fixture(scope="module")
def evaluate(binary):
    def run(*arguments, fails=None):
        command = [binary, "evaluate", *map(str, arguments)]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=3600)
        if fails is None:
            assert done.returncode == 0, done.stderr
            return done.stdout
        assert done.returncode == fails, done.stderr
        assert done.stdout == ""
        return done.stderr

    return run


def read_jsonl(path):
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_beir(folder):
    """Query ids and texts, document ids and texts, by ascending id; and {query id: document ids}."""
    documents = {row["_id"]: f"{row['title']} {row['text']}".strip() for row in read_jsonl(folder / "corpus.jsonl")}
    queries = {row["_id"]: row["text"] for row in read_jsonl(folder / "queries.jsonl")}
    relevant = {}
    with open(folder / "qrels" / "test.tsv", encoding="utf-8") as file:
        for query, document, score in list(csv.reader(file, delimiter="\t"))[1:]:
            if int(score) > 0:
                relevant.setdefault(query, set()).add(document)
    return {key: queries[key] for key in sorted(relevant)}, dict(sorted(documents.items())), relevant


def embed(server, texts):
    rows = []
    for start in range(0, len(texts), 256):
        reply = server.embed(input=texts[start : start + 256], encoding_format="base64")
        rows += [np.frombuffer(base64.b64decode(item["embedding"]), "<f4") for item in reply["data"]]
    return np.array(rows)


class Retrieval:
    """A data set in BEIR's layout with the vectors of its texts."""

    def __init__(self, folder, server):
        queries, documents, self.by_id = read_beir(folder)
        self.query_ids, self.document_ids = list(queries), list(documents)
        self.queries = embed(server, list(queries.values()))
        self.documents = embed(server, list(documents.values()))
        numbers = {key: i for i, key in enumerate(self.document_ids)}
        self.relevant = [{numbers[d] for d in self.by_id[q] if d in numbers} for q in self.query_ids]
        self.n_relevant = [len(self.by_id[q]) for q in self.query_ids]

    def measure(self, n_dims, dtype):
        cut = [oracle.cut(vectors, n_dims) for vectors in (self.queries, self.documents)]
        return oracle.measure_all(*cut, dtype, self.relevant, self.n_relevant)


@pytest.fixture(scope="module")
def small(servers, model):
    return Retrieval(DATA, servers(model, *EXACT))


@pytest.fixture(scope="module")
def report(evaluate, model):
    options = ["--dimensions", "7,128,256,64,128", "--resamples", RESAMPLES, "--seed", 3, "--format", "json"]
    return json.loads(evaluate("--model-id", model, *EXACT, "--data", DATA, *options))


def rows_of(report):
    return {(row["dimensions"], row["output_dtype"]): row for row in report["rows"]}


def sentence_transformers(tmp_path, **data):
    python = ROOT / "build" / "variations-venv" / "bin" / "python"
    if not python.exists():
        pytest.skip("sentence-transformers is not installed (tests/run variations does it)")
    np.savez(tmp_path / "data.npz", **data)
    command = [python, ROOT / "tests" / "commands" / "evaluator.py", tmp_path / "data.npz"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---- figures ----


def test_rows_are_all_sizes_in_all_formats(report):
    assert list(rows_of(report)) == [(dims, dtype) for dims in DIMS for dtype in DTYPES]
    assert (report["queries"], report["documents"], report["similarity"]) == (21, 30, "cosine")
    assert report["main_metric"] == "cosine_ndcg@10"
    for (dims, dtype), row in rows_of(report).items():
        size = {"float32": 4 * dims, "int8": dims}.get(dtype, -(-dims // 8))
        assert row["bytes_per_text"] == size
        assert list(row["metrics"]) == ["cosine_" + name for name in oracle.METRICS]


@pytest.mark.parametrize("dtype", DTYPES)
def test_figures_are_those_of_numpy(report, small, dtype):
    for dims in DIMS:
        expected = small.measure(dims, dtype).mean(axis=0)
        found = [one["value"] for one in rows_of(report)[dims, dtype]["metrics"].values()]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12, err_msg=f"{dims} {dtype}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_intervals_are_those_of_a_bootstrap_in_numpy(report, small, dtype):
    indices = oracle.draws(3, RESAMPLES, len(small.query_ids))
    full = small.measure(384, "float32")[indices].mean(axis=1)
    for dims in DIMS:
        means = small.measure(dims, dtype)[indices].mean(axis=1)
        row = rows_of(report)[dims, dtype]
        for i, figure in enumerate(row["metrics"].values()):
            expected = [*oracle.interval(means[:, i]), *oracle.interval(means[:, i] - full[:, i])]
            found = [figure[name] for name in ("low", "high", "difference_low", "difference_high")]
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
        ndcg = oracle.METRICS.index("ndcg@10")
        assert abs(row["share_within_1_percent"] - np.mean(means[:, ndcg] >= 0.99 * full[:, ndcg])) < 1.5 / RESAMPLES


@pytest.mark.library
def test_figures_are_those_of_sentence_transformers(report, small, tmp_path):
    expected = sentence_transformers(
        tmp_path, task="retrieval", dims=DIMS, left=small.queries, right=small.documents,
        left_ids=small.query_ids, right_ids=small.document_ids,
        relevant=json.dumps({key: sorted(value) for key, value in small.by_id.items()}),
    )  # fmt: skip
    for dims in DIMS:
        row = rows_of(report)[dims, "float32"]["metrics"]
        assert list(row) == list(expected[str(dims)])
        for name, value in expected[str(dims)].items():
            assert row[name]["value"] == pytest.approx(value, abs=1e-6), f"{name} at {dims}"


def test_recommendation_is_the_smallest_good_enough(report):
    good = [row for row in report["rows"][1:] if row["share_within_1_percent"] >= 0.95]
    smallest = min(good, key=lambda row: (row["bytes_per_text"], -row["metrics"]["cosine_ndcg@10"]["value"]))
    found = report["recommendation"]
    assert (found["dimensions"], found["output_dtype"]) == (smallest["dimensions"], smallest["output_dtype"])
    times = 4 * 384 / smallest["bytes_per_text"]
    assert f"{smallest['dimensions']} of 384 dimensions as {smallest['output_dtype']}" in found["text"]
    assert f"within 1 % of full size with 95 % confidence; {times:.3g} times smaller" in found["text"]


def test_nothing_is_recommended_where_full_size_has_nothing_to_keep(evaluate, model, tmp_path):
    """Pairs of the same score have no correlation; a ranking may find nothing."""
    texts = [row.rpartition(",")[0] for row in (DATA / "sts.csv").read_text(encoding="utf-8").splitlines()[:4]]
    (tmp_path / "same.csv").write_text("".join(f"{text},3\n" for text in texts), encoding="utf-8")
    (tmp_path / "absent.tsv").write_text("query-id\tcorpus-id\tscore\nq01\tabsent\t1\n", encoding="utf-8")
    absent = ["--corpus", DATA / "corpus.jsonl", "--queries", DATA / "queries.jsonl", "--qrels", tmp_path / "absent.tsv"]
    for options, words in ((["--sts", tmp_path / "same.csv"], "spearman_cosine is not above 0 over these 4 pairs"),
                           (absent, "ndcg@10 is not above 0 over these 1 queries")):  # fmt: skip
        report = json.loads(evaluate("--model-id", model, *options, "--dimensions", "64", "--resamples", 100, "--format", "json"))
        found = report["recommendation"]
        assert (found["dimensions"], found["output_dtype"]) == (384, "float32")
        assert found["text"].startswith("At full size " + words)


def read_sts(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return [row[0] for row in rows], [row[1] for row in rows], np.array([float(row[2]) for row in rows])


def test_sts_is_that_of_numpy(evaluate, model, servers, tmp_path):
    left, right, scores = read_sts(DATA / "sts.csv")
    server = servers(model, *EXACT)
    left, right = embed(server, left), embed(server, right)
    options = ["--sts", DATA / "sts.csv", "--dimensions", "128,32", "--resamples", 200, "--seed", 9, "--format", "json"]
    report = json.loads(evaluate("--model-id", model, *EXACT, *options))
    assert report["main_metric"] == "spearman_cosine"
    assert report["pairs"] == 16
    indices = oracle.draws(9, 200, len(scores))

    def measure(dims, dtype, which):
        cut = [oracle.stored(oracle.cut(vectors, dims), dtype)[which] for vectors in (left, right)]
        return oracle.correlations(*cut, scores[which])

    full = np.array([measure(384, "float32", which) for which in indices])
    for (dims, dtype), row in rows_of(report).items():
        found = row["metrics"]
        assert list(found) == [f"{kind}_{name}" for name in oracle.SIMILARITIES for kind in ("pearson", "spearman")]
        expected = measure(dims, dtype, np.arange(len(scores)))
        np.testing.assert_allclose([one["value"] for one in found.values()], expected, rtol=0, atol=1e-6)
        resampled = np.nan_to_num([measure(dims, dtype, which) for which in indices])
        for name, pick in (("low", 0), ("high", 1)):
            expected = oracle.interval(resampled - full)[pick]
            got = [one["difference_" + name] for one in found.values()]
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)
    assert [row["output_dtype"] for row in report["rows"]] == ["float32", "int8", "binary"] * 3


@pytest.mark.library
def test_sts_is_that_of_sentence_transformers(evaluate, model, servers, tmp_path):
    left, right, scores = read_sts(DATA / "sts.csv")
    server = servers(model, *EXACT)
    left, right = embed(server, left), embed(server, right)
    options = ["--sts", DATA / "sts.csv", "--dimensions", "128,32", "--format", "json"]
    report = json.loads(evaluate("--model-id", model, *EXACT, *options))
    expected = sentence_transformers(
        tmp_path, task="sts", dims=[384, 128, 32], left=left, right=right, scores=scores
    )  # fmt: skip
    for dims in (384, 128, 32):
        for name, figure in rows_of(report)[dims, "float32"]["metrics"].items():
            if dims == 384 or "cosine" in name:  # it does not bring what it cuts to length 1 again
                assert figure["value"] == pytest.approx(expected[str(dims)][name], abs=1e-5), f"{name} at {dims}"


@pytest.mark.library
@pytest.mark.slow
def test_scifact_is_that_of_sentence_transformers(evaluate, servers, model, shared_data, tmp_path):
    """5,183 documents; they are encoded once, and then lie in the server's cache."""
    folder = shared_data / "retrieval" / "scifact"
    server = servers(model, *EXACT, "--cache-size", "64MiB")
    options = ["--url", f"http://127.0.0.1:{server.port}", "--data", folder, "--dimensions", "256,128,64"]
    report = json.loads(evaluate(*options, "--resamples", RESAMPLES, "--format", "json"))
    known = {384: 0.6451, 256: 0.6349, 128: 0.6016, 64: 0.4838}
    for dims, ndcg in known.items():
        assert rows_of(report)[dims, "float32"]["metrics"]["cosine_ndcg@10"]["value"] == pytest.approx(ndcg, abs=2e-4)
    data = Retrieval(folder, server)
    for (dims, dtype), row in rows_of(report).items():
        expected = data.measure(dims, dtype).mean(axis=0)
        found = [one["value"] for one in row["metrics"].values()]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6, err_msg=f"{dims} {dtype}")
    expected = sentence_transformers(
        tmp_path, task="retrieval", dims=list(known), left=data.queries, right=data.documents,
        left_ids=data.query_ids, right_ids=data.document_ids,
        relevant=json.dumps({key: sorted(value) for key, value in data.by_id.items()}),
    )  # fmt: skip
    for dims in known:
        for name, value in expected[str(dims)].items():
            found = rows_of(report)[dims, "float32"]["metrics"][name]["value"]
            assert found == pytest.approx(value, abs=1e-6), f"{name} at {dims}"


# ---- where texts come from, and who encodes them ----


def test_a_server_gives_the_same_figures(evaluate, servers, model, report):
    server = servers(model, *EXACT)
    found = json.loads(
        evaluate(
            "--url", f"http://127.0.0.1:{server.port}", "--data", DATA, "--dimensions", "256,128,64,7",
            "--resamples", RESAMPLES, "--seed", 3, "--format", "json",
        )
    )  # fmt: skip
    assert found["rows"] == report["rows"]


def test_files_may_be_compressed_or_of_another_kind(evaluate, model, tmp_path):
    quick = ["--model-id", model, *EXACT, "--dimensions", "64", "--resamples", 100, "--format", "csv"]
    expected = evaluate(*quick, "--data", DATA)
    (tmp_path / "qrels").mkdir()
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        (tmp_path / (name + ".gz")).write_bytes(gzip.compress((DATA / name).read_bytes()))
    assert evaluate(*quick, "--data", tmp_path) == expected
    with open(tmp_path / "corpus.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["title", "text", "_id"])
        writer.writeheader()
        writer.writerows(read_jsonl(DATA / "corpus.jsonl"))
    with open(tmp_path / "queries.tsv", "w", encoding="utf-8") as file:
        file.writelines(f"{row['_id']}\t{row['text']}\n" for row in read_jsonl(DATA / "queries.jsonl"))
    files = ["--corpus", tmp_path / "corpus.csv", "--queries", tmp_path / "queries.tsv", "--qrels", DATA / "qrels/test.tsv"]
    assert evaluate(*quick, *files) == expected


def test_pairs_are_questions_and_answers(evaluate, servers, model):
    """Equal questions are one query, equal answers one document."""
    report = json.loads(evaluate("--model-id", model, *EXACT, "--pairs", DATA / "faq.csv", "--dimensions", "64",
                                 "--resamples", 100, "--format", "json"))  # fmt: skip
    with open(DATA / "faq.csv", newline="", encoding="utf-8") as file:
        pairs = [(row["question"], row["answer"]) for row in csv.DictReader(file)]
    questions, answers = (list(dict.fromkeys(column)) for column in zip(*pairs))
    assert (report["queries"], report["documents"]) == (len(questions), len(answers)) == (21, 25)
    server = servers(model, *EXACT)
    vectors = [embed(server, texts) for texts in (questions, answers)]
    relevant = [{answers.index(answer) for question, answer in pairs if question == one} for one in questions]
    for dims in (384, 64):
        cut = [oracle.cut(side, dims) for side in vectors]
        expected = oracle.measure_all(*cut, "float32", relevant, [len(one) for one in relevant]).mean(axis=0)
        found = [one["value"] for one in rows_of(report)[dims, "float32"]["metrics"].values()]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_default_sizes_are_halves_or_those_trained(evaluate, model, model_variant):
    quick = ["--sts", DATA / "sts.csv", "--resamples", 100, "--output-dtype", "binary", "--format", "json"]

    def sizes(folder):
        return list(rows_of(json.loads(evaluate("--model-id", folder, *quick))))

    assert sizes(model) == [(384, "float32")] + [(dims, "binary") for dims in (384, 192, 96, 48)]
    with open(os.path.join(model, "config.json"), encoding="utf-8") as file:
        config = json.load(file) | {"matryoshka_dimensions": [32, 384, 100]}
    trained = model_variant({"config.json": json.dumps(config)})
    assert sizes(trained) == [(384, "float32")] + [(dims, "binary") for dims in (384, 100, 32)]


def test_prompts_are_put_before_queries_and_documents(evaluate, servers, model, copy_model):
    """The model's "query" and "document", as sentence-transformers' evaluator takes them; or those that options name."""
    with open(os.path.join(model, "config_sentence_transformers.json"), encoding="utf-8") as file:
        config = json.load(file) | {"prompts": {"query": "find: ", "document": "about ", "other": "xyz "}}
    prompted = copy_model({"config_sentence_transformers.json": json.dumps(config)})
    quick = [*EXACT, "--data", DATA, "--resamples", 100, "--dimensions", 64, "--format", "csv"]
    plain = evaluate("--model-id", model, *quick)
    by_default = evaluate("--model-id", prompted, *quick)
    assert by_default != plain
    texts = ["--query-prompt", "find: ", "--corpus-prompt", "about "]
    assert evaluate("--model-id", model, *quick, *texts) == by_default
    names = ["--query-prompt-name", "other", "--corpus-prompt-name", "query"]
    server = servers(prompted, *EXACT)
    by_name = evaluate("--model-id", prompted, *quick, *names)
    assert by_name not in (plain, by_default)
    assert evaluate("--url", f"http://127.0.0.1:{server.port}", *quick[2:], *names) == by_name
    assert "--query-prompt" in evaluate("--model-id", model, *quick, *texts, "--query-prompt-name", "query", fails=2)
    assert "nope" in evaluate("--model-id", prompted, *quick, "--query-prompt-name", "nope", fails=2)


# ---- formats ----


def quick(model, *options):
    return ["--model-id", model, *EXACT, "--data", DATA, "--dimensions", "64", "--resamples", 100, *options]


def test_table_has_the_figures(evaluate, model):
    text = evaluate(*quick(model, "--output-dtype", "float32,binary"))
    report = json.loads(evaluate(*quick(model, "--output-dtype", "float32,binary", "--format", "json")))
    assert re.search(r": 21 queries, 30 documents, by cosine$", text.splitlines()[0])
    values = re.search(r"^float32 +384 +64\n(?:.*\n)*?ndcg@10 +(\S+) +(\S+)$", text, re.M)
    expected = [rows_of(report)[dims, "float32"]["metrics"]["cosine_ndcg@10"]["value"] for dims in (384, 64)]
    assert values.groups() == tuple(f"{value:.4f}" for value in expected)
    assert text.rstrip().endswith(report["recommendation"]["text"])


def test_markdown_is_tables(evaluate, model):
    text = evaluate(*quick(model, "--format", "markdown", "--output-dtype", "float32"))
    lines = text.splitlines()
    head = lines.index("| float32 | 384 | 64 |")
    assert lines[head + 1] == "|:---|---:|---:|"
    assert all(re.fullmatch(r"\| \S+ \| [01]\.\d{4} \| [01]\.\d{4} \|", line) for line in lines[head + 2 : head + 17])


def test_csv_is_that_of_json(evaluate, model):
    table = list(csv.DictReader(io.StringIO(evaluate(*quick(model, "--format", "csv")), newline="")))
    report = json.loads(evaluate(*quick(model, "--format", "json")))
    flat = [
        {"dimensions": str(row["dimensions"]), "output_dtype": row["output_dtype"], "bytes_per_text": str(row["bytes_per_text"]),
         "metric": name, **figure}
        for row in report["rows"]
        for name, figure in row["metrics"].items()
    ]  # fmt: skip
    assert len(table) == len(flat) == 2 * 4 * 15
    for found, expected in zip(table, flat):
        assert {key: float(value) if key in ("value", "low", "high") or "diff" in key else value
                for key, value in found.items()} == expected  # fmt: skip


def test_model_card_is_a_model_index(evaluate, model):
    """The structure that huggingface_hub's model_index_to_eval_results() reads."""
    from huggingface_hub.repocard_data import model_index_to_eval_results

    options = ["--format", "model-card", "--dataset-name", "small_faq", "--output-dtype", "float32,int8"]
    text = evaluate(*quick(model, *options, "--served-model-name", "a: model"))
    report = json.loads(evaluate(*quick(model, "--output-dtype", "float32,int8", "--format", "json")))
    card = yaml.safe_load(text)
    name, results = model_index_to_eval_results(card["model-index"])
    assert name == "a: model"
    assert len(results) == 2 * 2 * 15
    values = [one["value"] for row in report["rows"] for one in row["metrics"].values()]
    assert [one.metric_value for one in results] == values
    first, last = results[0], results[-1]
    assert (first.task_type, first.task_name) == ("information-retrieval", "Information Retrieval")
    assert (first.dataset_type, first.dataset_name) == ("small_faq_dim_384", "small faq dim 384")
    assert (first.metric_type, first.metric_name) == ("cosine_accuracy@1", "Cosine Accuracy@1")
    assert (last.dataset_type, last.metric_type) == ("small_faq_dim_64_int8", "cosine_map@100")


def test_plot_is_an_svg_with_words(evaluate, model, tmp_path):
    path = tmp_path / "plot.svg"
    report = json.loads(
        evaluate(*quick(model, "--format", "json", "--plot", path, "--dataset-name", "R&D <1>", "--served-model-name", "m&m"))
    )
    root = xml.etree.ElementTree.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [root.find(space + name).get("id") for name in ("title", "desc")]
    assert root.find(space + "title").text == "m&m: ndcg@10 by bytes of a vector, R&D <1>"
    words = root.find(space + "desc").text
    for row in report["rows"]:
        figure = row["metrics"]["cosine_ndcg@10"]
        assert (f"{row['output_dtype']}, {row['dimensions']} dimensions, {row['bytes_per_text']} bytes: "
                f"{figure['value']:.4f}, {figure['low']:.4f} to {figure['high']:.4f}.") in words  # fmt: skip
    points = root.findall(f".//{space}path[@class='p']")
    assert len(points) == len(report["rows"]) + len(DTYPES)  # and the legend
    xs = [float(re.search(r"translate\(([\d.]+),", point.get("transform"))[1]) for point in points]
    assert all(0 <= x <= 760 for x in xs)
    assert not list(tmp_path.glob("*.part"))


def test_output_is_the_same_each_time(evaluate, model):
    assert evaluate(*quick(model, "--format", "json")) == evaluate(*quick(model, "--format", "json"))
    assert evaluate(*quick(model, "--format", "json")) != evaluate(*quick(model, "--format", "json", "--seed", 1))


# ---- what is wrong ----

CORPUS = '{"_id": "d1", "title": "", "text": "one"}\n{"_id": "d2", "text": "two"}\n'
QUERIES = '{"_id": "q1", "text": "first"}\n{"_id": "q2", "text": "second"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n"
BAD_SETS = {
    "corpus is no JSON": ({"corpus.jsonl": CORPUS + "{\n"}, r"corpus\.jsonl:3: is not JSON"),
    "corpus is a list": ({"corpus.jsonl": "[]\n"}, r"corpus\.jsonl:1: is not a JSON object"),
    "document without id": ({"corpus.jsonl": CORPUS + '{"text": "x"}'}, r'corpus\.jsonl:3: "_id" is missing'),
    "document without text": ({"corpus.jsonl": '{"_id": "d1"}'}, r'corpus\.jsonl:1: "text" is missing'),
    "text that is none": ({"corpus.jsonl": '{"_id": "d1", "text": ["x"]}'}, r'corpus\.jsonl:1: "text" is not a text'),
    "id twice": ({"corpus.jsonl": CORPUS + CORPUS}, r'corpus\.jsonl:3: the id "d1" stands on line 1 too'),
    "query id twice": ({"queries.jsonl": QUERIES * 2}, r'queries\.jsonl:3: the id "q1" stands on line 1 too'),
    "not UTF-8": ({"queries.jsonl": b'{"_id": "q1", "text": "\xe9"}\n'}, r"queries\.jsonl:1: is not UTF-8 \(at byte 24\)"),
    "no documents": ({"corpus.jsonl": "\n"}, r"corpus\.jsonl: holds no texts"),
    "no file": ({"queries.jsonl": None}, r"queries\.jsonl: No such file or directory"),
    "score is a word": ({"qrels/test.tsv": QRELS + "q1\td2\tyes\n"}, r'test\.tsv:4: "yes" is not a number'),
    "score is not finite": ({"qrels/test.tsv": QRELS + "q1\td2\tinf\n"}, r'test\.tsv:4: "inf" is not a number'),
    "two columns": ({"qrels/test.tsv": "q1\td1\n"}, r'test\.tsv:1: a header with the columns "query-id", "corpus-id", "score"'),
    "a short row": ({"qrels/test.tsv": QRELS + "q1\td1\n"}, r"test\.tsv:4: has 2 fields, the first row has 3"),
    "nothing is relevant": ({"qrels/test.tsv": "q1\td1\t0\n"}, r"test\.tsv: names no document with a score above 0"),
    "cut off": ({"corpus.jsonl": None, "corpus.jsonl.gz": gzip.compress(CORPUS.encode())[:-9]},
                r"corpus\.jsonl\.gz:\d: cannot be read: the compressed data ends too early"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_SETS)
def test_bad_sets_are_refused_by_file_and_line(evaluate, model, tmp_path, case):
    changes, message = BAD_SETS[case]
    (tmp_path / "qrels").mkdir()
    files = {"corpus.jsonl": CORPUS, "queries.jsonl": QUERIES, "qrels/test.tsv": QRELS} | changes
    for name, content in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert re.search(message, evaluate("--model-id", model, "--data", tmp_path, fails=1))


BAD_FILES = {
    "pairs with three columns": ("--pairs", "a,b\nc,d,e\n", r"data\.csv:2: has 3 fields, the first row has 2"),
    "pairs with one column": ("--pairs", "a\nb\n", r'data\.csv:1: a header with the columns "question", "answer"'),
    "an open quote": ("--pairs", 'a,b\n"c,d\n', r"data\.csv:2: a quoted field of this row has no end"),
    "no pairs": ("--pairs", "question,answer\n", r"data\.csv: holds no pairs"),
    "one pair with a score": ("--sts", "a,b,1\n", r"data\.csv: holds 1 pairs, at least 2 are wanted"),
    "a score that is a word": ("--sts", "a,b,1\nc,d,x\n", r'data\.csv:2: "x" is not a number'),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_files_are_refused_by_line(evaluate, model, tmp_path, case):
    option, text, message = BAD_FILES[case]
    (tmp_path / "data.csv").write_text(text)
    assert re.search(message, evaluate("--model-id", model, option, tmp_path / "data.csv", fails=1))


@pytest.mark.parametrize(
    "options, message",
    [
        ([], "expected one data set: "),
        (["--data", "x", "--pairs", "y"], "expected one data set: "),
        (["--queries", "x"], "expected --queries, --corpus and --qrels together"),
        (["--data", DATA, "--output-dtype", "float16"], "--output-dtype=float16: expected float32, int8, binary or binary-rescored"),
        (["--sts", "x", "--output-dtype", "binary-rescored"], "--output-dtype=binary-rescored: expected another format with --sts"),
        (["--data", DATA, "--dimensions", "385"], "--dimensions=385: expected at most the 384 that the model has"),
        (["--data", DATA, "--resamples", "1"], "--resamples"),
    ],
)
def test_bad_options_are_refused(evaluate, model, options, message):
    assert message in evaluate("--model-id", model, *options, fails=2)


def test_what_the_corpus_lacks_is_told(evaluate, binary, model):
    done = subprocess.run([binary, "evaluate", *map(str, quick(model))], env=environment(), capture_output=True, text=True)
    assert "1 documents are relevant that the corpus lacks" in done.stderr


def test_what_is_judged_twice_counts_once(evaluate, binary, model, tmp_path):
    """Also where the corpus lacks the document."""
    files = ["--corpus", DATA / "corpus.jsonl", "--queries", DATA / "queries.jsonl", "--qrels", tmp_path / "twice.tsv"]
    options = ["--model-id", model, *EXACT, "--dimensions", "64", "--resamples", 100, "--format", "csv"]
    head, *rows = (DATA / "qrels" / "test.tsv").read_text().splitlines(keepends=True)
    known = {row["_id"] for row in read_jsonl(DATA / "corpus.jsonl")}
    assert any(row.split("\t")[1] not in known for row in rows)
    (tmp_path / "twice.tsv").write_text(head + "".join(rows + rows))
    command = [binary, "evaluate", *map(str, options + files)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.stdout == evaluate(*options, "--data", DATA)
    assert "1 documents are relevant that the corpus lacks" in done.stderr


def test_a_plot_may_go_to_a_pipe(binary, model, tmp_path):
    """Which stays one: a file that is renamed would take its place, and that of a device such as /dev/stdout."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    command = [binary, "evaluate", *map(str, quick(model, "--plot", pipe))]
    assert subprocess.run(command, env=environment(), capture_output=True, timeout=60).returncode == 0
    assert b"</svg>" in os.read(reader, 1 << 20)
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode) and list(tmp_path.iterdir()) == [pipe]


def test_a_plot_that_fills_a_device_is_an_error(binary, model, tmp_path):
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    command = [binary, "evaluate", *map(str, quick(model, "--plot", full))]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 1 and "full: cannot be written: No space left on device" in done.stderr
    assert full.is_symlink()


def test_a_plot_that_fills_a_disk_leaves_the_one_before(binary, model, disk):
    plot = disk / "plot.svg"
    plot.write_text("of before")
    (disk / "filler").write_bytes(bytes((64 << 10) - 4096))  # a page has the old plot: none is left
    command = [binary, "evaluate", *map(str, quick(model, "--plot", plot))]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 1 and "plot.svg: cannot be written: No space left on device" in done.stderr
    assert plot.read_text() == "of before" and len(list(disk.iterdir())) == 2


def test_a_report_that_cannot_be_written_is_an_error(binary, model):
    command = [binary, "evaluate", *map(str, quick(model))]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "cannot write to stdout: No space left on device" in done.stderr


def test_a_plot_that_cannot_be_written_is_an_error(binary, model, tmp_path):
    path = tmp_path / "missing" / "plot.svg"
    command = [binary, "evaluate", *map(str, quick(model, "--plot", path))]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{path}: cannot be written: No such file or directory" in done.stderr
