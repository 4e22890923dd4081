# SPDX-License-Identifier: Apache-2.0
"""The reference is itself held against others' vectors. NESTD_MODEL is all-MiniLM-L6-v2's folder with its float16 weights, SHARED_DIR
holds the golden data."""
import csv
import hashlib
import math
import os
import pathlib
import re
import sys

import pytest

np = pytest.importorskip("numpy")
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent)]

import make_random_model  # noqa: E402
import reference  # noqa: E402


def golden(name):
    path = pathlib.Path(os.environ.get("SHARED_DIR", "")) / "data" / name
    if not path.exists():
        pytest.skip(f"no golden data at {path}")
    return path


@pytest.fixture(scope="module")
def minilm():
    folder = os.environ.get("NESTD_MODEL")
    if not folder or not os.path.exists(os.path.join(folder, "model.safetensors")):
        pytest.skip("NESTD_MODEL does not name a folder with the default model")
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    return reference.Model(folder), tokenizer


def test_erf_is_that_of_libm():
    x = np.concatenate([np.linspace(-7, 7, 100001), [0.0, 1e-300, 1e-10, 5.9999999, 6, np.inf, -np.inf]])
    exact = np.array([math.erf(value) for value in x])
    assert np.abs(reference.erf(x) - exact).max() < 5e-16


def test_gelu_by_its_definition():
    x = np.linspace(-10, 10, 2001)
    exact = np.array([value * 0.5 * math.erfc(-value / math.sqrt(2)) for value in x])
    assert np.abs(reference.gelu(x) - exact).max() < 2e-15


def test_agrees_with_an_independent_engine_on_the_same_weights(minilm):
    model, tokenizer = minilm
    vectors = np.fromfile(golden("golden/minilm_fp16_stsb_en_test.f32"), "<f4").reshape(-1, 384)
    with open(golden("sts/stsb-en-test.csv"), encoding="utf-8", newline="") as file:
        texts = [text for row in list(csv.reader(file))[:20] for text in row[:2]]
    for text, vector in zip(texts, vectors):
        assert np.abs(model.encode(tokenizer.encode(text).ids) - vector).max() < 1e-6


def snapshot(path):
    """TEI's snapshot of a nested list of numbers, in YAML."""
    vectors = []
    for line in path.read_text().split("---")[-1].splitlines():
        found = re.fullmatch(r"(- |  )- (-?[0-9.e-]+)", line)
        if found:
            if found[1] == "- ":
                vectors.append([])
            vectors[-1].append(float(found[2]))
    return np.array(vectors)


def test_agrees_with_tei(minilm):
    """TEI made its vectors of the float32 weights, with CLS pooling, GELU by tanh and no normalisation. On those weights the
    difference is 8.5e-6; these are rounded to float16, which is most of what is allowed."""
    _, tokenizer = minilm
    model = reference.Model(os.environ["NESTD_MODEL"])
    model.modes, model.config["hidden_act"], model.normalize = ["cls"], "gelu_new", False
    vectors = snapshot(golden("golden/tei_minilm_bert_batch_pooled.snap"))
    assert vectors.shape == (3, 384)
    for text, vector in zip(["What is Deep Learning?", "Deep Learning is...", "What is Deep Learning?"], vectors):
        difference = model.encode(tokenizer.encode(text).ids) - vector
        assert np.abs(difference).max() / np.linalg.norm(vector) < 3e-4


def digest(folder):
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return whole.hexdigest()


def test_the_same_arguments_make_the_same_model(tmp_path):
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        make_random_model.make([str(tmp_path / name), "--seed", seed])
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_dtype_shards_and_names_make_no_other_model(tmp_path):
    make_random_model.make([str(tmp_path / "plain"), "--normalize"])
    vector = reference.encode(tmp_path / "plain", [2, 30, 31, 3])
    for arguments, allowed in ((["--shards", "4", "--prefix"], 0), (["--spelling", "new"], 0),
                               (["--dtype", "float16"], 3e-3), (["--dtype", "bfloat16"], 3e-2)):
        folder = tmp_path / "-".join(arguments)
        make_random_model.make([str(folder), "--normalize", *arguments])
        assert np.abs(reference.encode(folder, [2, 30, 31, 3]) - vector).max() <= allowed


def test_the_first_dimensions_are_normalised_anew(tmp_path):
    make_random_model.make([str(tmp_path), "--normalize"])
    whole, part = (reference.encode(tmp_path, [2, 30, 3], dims) for dims in (None, 5))
    assert np.abs(part - whole[:5] / np.linalg.norm(whole[:5])).max() < 1e-15
