# SPDX-License-Identifier: Apache-2.0
"""Seeded random models against tests/models/reference.py, which encodes in float64 and shares
nothing with the program."""

import platform

import numpy as np
import pytest
from harness import cpu_flags

make_random_model = pytest.importorskip("make_random_model")
reference = pytest.importorskip("reference")

TOLERANCE = 2e-5  # an element of a unit vector

VARIANTS = {
    **{f"pooling {mode}": ["--pooling", mode] for mode in make_random_model.MODES},
    "pooling of all modes": ["--pooling", ",".join(make_random_model.MODES)],
    **{
        f"activation {act}": ["--act", act]
        for act in ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu")
    },
    **{f"{dtype} weights": ["--dtype", dtype] for dtype in make_random_model.DTYPES},
    "shards": ["--shards", "3"],
    "names with a prefix": ["--prefix"],
    "shards and prefix": ["--shards", "2", "--prefix", "--dtype", "float16"],
    "not normalised": ["--no-normalize"],
    "files of version 6": ["--spelling", "new", "--pooling", "cls"],
    "no modules": ["--no-modules", "--no-normalize"],
    "no tokenizer.json": ["--no-tokenizer-json"],
    "odd sizes": ["--hidden", "33", "--heads", "3", "--intermediate", "71"],
    "one token type": ["--types", "1"],
    "large epsilon": ["--eps", "0.001"],
    "wide": ["--hidden", "256", "--heads", "4", "--intermediate", "512"],
    "large weights": ["--hidden", "256", "--heads", "4", "--intermediate", "8704"],
}


def make(folder, *arguments):
    make_random_model.make([str(folder), *arguments])
    return folder


def random_ids(rng, n, n_vocabulary, n_special):
    return [rng.randrange(n_special, n_vocabulary) for _ in range(n)]


def embed_ids(server, inputs, **fields):
    return np.array(
        [item["embedding"] for item in server.embed(input=inputs, **fields)["data"]], dtype=float
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_small_model_agrees_with_the_reference(start, tmp_path, rng, variant):
    folder = make(tmp_path / "model", "--normalize", *VARIANTS[variant])
    server = start(folder, "--dtype", "float32").wait_ready()
    inputs = [random_ids(rng, n, 120, 5) for n in (1, 2, 7, 21, 22)]
    for ids, found in zip(inputs, embed_ids(server, inputs)):
        expected = reference.encode(folder, [2, *ids, 3])
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < TOLERANCE * max(1, np.abs(expected).max())


NATIVE, FOREIGN = ("neon", "avx2") if platform.machine() == "aarch64" else ("avx2", "neon")


@pytest.mark.parametrize("version", ["none", NATIVE, "all"])
def test_every_instruction_set_agrees_with_the_reference(start, tmp_path, rng, version):
    folder = make(
        tmp_path / "model", "--hidden", "72", "--heads", "6", "--intermediate", "150", "--normalize"
    )
    server = start(folder, "--cpu-mask", version, "--dtype", "float32").wait_ready()
    inputs = [random_ids(rng, n, 120, 5) for n in range(1, 23)]
    for ids, found in zip(inputs, embed_ids(server, inputs)):
        assert np.abs(found - reference.encode(folder, [2, *ids, 3])).max() < TOLERANCE


def test_instruction_set_of_another_architecture_is_refused(start, tmp_path):
    server = start(make(tmp_path / "model"), "--cpu-mask", FOREIGN)
    assert server.process.wait(20) != 0
    assert f"--cpu-mask={FOREIGN}: " in server.log_text()


def test_int8_products_are_the_same_bytes_with_and_without_vnni(start, tmp_path, rng):
    if "avx_vnni" not in cpu_flags():
        pytest.skip("this CPU has no avx_vnni")
    folder = make(tmp_path / "model", "--hidden", "70", "--heads", "5", "--intermediate", "150")
    inputs = [random_ids(rng, n, 120, 5) for n in range(1, 23)]
    found = []
    for version in ("avx2", "avx_vnni"):
        server = start(folder, "--cpu-mask", version, "--dtype", "int8").wait_ready()
        assert server.get("/info").json()["kernels"].endswith(version)
        found.append(embed_ids(server, inputs))
    assert np.array_equal(*found)


def test_listed_matryoshka_sizes_are_the_only_ones(start, tmp_path):
    server = start(make(tmp_path / "model", "--matryoshka", "8,4")).wait_ready()
    statuses = {
        n: server.post("/v1/embeddings", {"input": [7], "dimensions": n}).status
        for n in range(1, 18)
    }
    assert {n for n, status in statuses.items() if status == 200} == {4, 8, 16}


@pytest.fixture(scope="module")
def bge_large(tmp_path_factory):
    """1.3 GB, on disk only while this module runs."""
    folder = make(tmp_path_factory.mktemp("bge-large") / "model", "--preset", "bge-large")
    yield folder
    (folder / "model.safetensors").unlink()


@pytest.fixture(scope="module")
def large_server(bge_large, binary):
    from harness import Server

    server = Server(binary, bge_large, "--dtype", "float32").wait_ready()
    yield server
    server.stop()


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("n_tokens", [60, 512])
def test_large_model_agrees_with_the_reference(large_server, bge_large, rng, n_tokens):
    ids = random_ids(rng, n_tokens - 2, 30522, 104)
    whole = reference.encode(bge_large, [101, *ids, 102])
    for dims in (1024, 768, 512, 256, 128, 64):
        found = embed_ids(large_server, [ids], dimensions=dims)[0]
        expected = whole[:dims] / np.linalg.norm(whole[:dims])
        difference = np.abs(found - expected).max()
        print(f"{n_tokens} tokens, {dims} dimensions: largest difference {difference:.2e}")
        assert difference < TOLERANCE


@pytest.mark.slow
def test_large_model_at_its_limit(large_server, rng):
    ids = random_ids(rng, 511, 30522, 104)
    vectors = {}
    for n_tokens in (511, 512, 513):
        reply = large_server.post("/v1/embeddings", {"input": ids[: n_tokens - 2]}).json()
        assert reply["usage"]["prompt_tokens"] == min(n_tokens, 512)
        assert reply.get("truncated") == ([0] if n_tokens > 512 else None)
        vectors[n_tokens] = reply["data"][0]["embedding"]
    assert vectors[513] == vectors[512] != vectors[511]
    refused = large_server.post("/v1/embeddings", {"input": ids, "truncate": False})
    assert refused.status == 400 and refused.json()["error"]["code"] == "context_length_exceeded"
    assert (
        "513" in refused.json()["error"]["message"] and "512" in refused.json()["error"]["message"]
    )
    assert (
        large_server.post("/v1/embeddings", {"input": ids[:510], "truncate": False}).status == 200
    )


@pytest.mark.slow
def test_large_model_is_the_same_in_any_company(large_server, rng):
    inputs = [random_ids(rng, n, 30522, 104) for n in (1, 5, 30, 100, 200)]
    alone = [
        large_server.embed(input=[ids], encoding_format="base64")["data"][0]["embedding"]
        for ids in inputs
    ]
    together = large_server.embed(input=inputs[::-1], encoding_format="base64")["data"]
    assert [item["embedding"] for item in together[::-1]] == alone
