# SPDX-License-Identifier: Apache-2.0
"""A model with one layer that int8 cannot bear: that layer is served in a finer number format, the
log and /info say so, and the same text still has the same bytes."""

import numpy as np
import pytest
from harness import native_dtypes
from test_same_bytes import NO_CACHE, check, encode_alone

make_random_model = pytest.importorskip("make_random_model")

OUTLIER_LAYER = 2
SHAPE = "--hidden 128 --layers 4 --heads 4 --intermediate 512 --vocab 2000 --positions 128".split()
FALLBACK = {"layer": OUTLIER_LAYER, "product": "output.dense"}
CONFIGURATIONS = [
    ("--threads", "1"),
    ("--threads", "2", "--max-batch-tokens", "64"),
    ("--threads", "3", "--max-batch-tokens", "1"),
]

pytestmark = pytest.mark.skipif("int8" not in native_dtypes(), reason="this CPU has no avx512_vnni")


def make(folder, *options):
    make_random_model.make([str(folder), *SHAPE, "--normalize", *options])
    return folder


@pytest.fixture(scope="module")
def outlier_model(tmp_path_factory):
    return make(tmp_path_factory.mktemp("outliers"), "--outlier-layer", str(OUTLIER_LAYER))


@pytest.fixture(scope="module")
def texts(module_rng):
    """Of ids, which are served as they are."""
    return [
        [module_rng.randrange(200, 2000) for _ in range(module_rng.randrange(1, 126))]
        for _ in range(40)
    ]


def vectors(server, texts):
    return np.array([item["embedding"] for item in server.embed(input=texts)["data"]], dtype=float)


def test_one_product_falls_back_and_the_cosines_hold(servers, outlier_model, texts):
    server = servers(outlier_model, "--dtype", "int8", *NO_CACHE)
    exact = vectors(servers(outlier_model, "--dtype", "float32", *NO_CACHE), texts)
    cosines = np.sum(vectors(server, texts) * exact, axis=1)  # of unit vectors
    assert cosines.min() >= 0.99 and cosines.mean() >= 0.998
    report = server.get("/info").json()["int8"]
    assert [{key: one[key] for key in FALLBACK} for one in report["fallbacks"]] == [FALLBACK]
    assert report["fallbacks"][0]["dtype"] in ("bfloat16", "float32")
    assert report["without_fallbacks"]["least_cosine"] < 0.99 < report["least_cosine"] < 1
    assert report["mean_cosine"] >= 0.998 and report["within_limits"] is True


def test_log_names_what_fell_back(servers, outlier_model):
    log = servers(outlier_model, "--dtype", "int8", *NO_CACHE).log_text()
    assert f"layer {OUTLIER_LAYER}: output.dense uses " in log
    assert log.count(" instead") == 1


def test_model_without_outliers_stays_int8(start, tmp_path):
    server = start(make(tmp_path / "model"), "--dtype", "int8").wait_ready()
    report = server.get("/info").json()["int8"]
    assert report["fallbacks"] == [] and report["within_limits"] is True
    assert report["without_fallbacks"]["mean_cosine"] == report["mean_cosine"] < 1
    assert " instead" not in server.log_text()


def test_many_small_faults_are_mended_where_it_costs_least(start, tmp_path):
    """Sixteen random layers are a little too many for int8, and none of them is to blame alone."""
    server = start(make(tmp_path / "model", "--layers", "16"), "--dtype", "int8").wait_ready()
    report = server.get("/info").json()["int8"]
    cost = {  # in squares of the hidden size: a layer's are 12
        "attention.self": 3,
        "attention.output.dense": 1,
        "intermediate.dense": 4,
        "output.dense": 4,
    }
    assert report["without_fallbacks"]["mean_cosine"] < 0.998 <= report["mean_cosine"]
    assert sum(cost[one["product"]] for one in report["fallbacks"]) <= 16 * 12 / 8


@pytest.mark.parametrize("dtype", ["float32", *(set(native_dtypes()) - {"int8"})])
def test_other_dtypes_measure_nothing(servers, outlier_model, dtype):
    server = servers(outlier_model, "--dtype", dtype, *NO_CACHE)
    assert server.get("/info").json()["int8"] is None


@pytest.mark.parametrize("options", CONFIGURATIONS, ids=" ".join)
def test_same_text_same_bytes(start, servers, outlier_model, texts, rng, options):
    expected = encode_alone(servers(outlier_model, "--dtype", "int8", *NO_CACHE), texts)
    check(
        start(outlier_model, "--dtype", "int8", *NO_CACHE, *options).wait_ready(),
        texts,
        expected,
        rng,
    )


def test_default_model_stays_int8(servers, model):
    report = servers(model, "--dtype", "int8", *NO_CACHE).get("/info").json()["int8"]
    assert report["fallbacks"] == [] and report["within_limits"] is True
