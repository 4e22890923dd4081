# SPDX-License-Identifier: Apache-2.0
"""A short run of each fuzzer of this folder; by hand they take more bodies, folders and other
seeds."""

import pathlib
import re

import pytest

import fuzz_bodies
import fuzz_models

make_random_model = pytest.importorskip("make_random_model")


ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_every_decoder_and_route_is_fuzzed(server):
    folders = [ROOT / "server/api", ROOT / "server/api/rank"]
    paths = [path for folder in folders for path in sorted(folder.glob("*.h")) if "pairs" not in path.name]  # which others share
    headers = "\n".join(path.read_text() for path in paths)
    declared = re.findall(r"^bool (\w+_read\w*)\(struct decoding", headers, re.M)
    driven = (ROOT / "tests/fuzz/fuzz_request.c").read_text()
    assert len(declared) > 12
    assert [name for name in declared if not re.search(rf"\b{name}\b", driven)] == []
    paths = server.get("/openapi.json").json()["paths"]
    others = {"/", "/classify", "/embeddings", "/invocations", "/score", "/openai/v1/embeddings", "/openai/deployments/{deployment}/embeddings"}  # by another name
    posts = {path for path, methods in paths.items() if "post" in methods}
    assert posts - others == set(fuzz_bodies.ROUTES)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny") / "model"
    make_random_model.make([str(folder), "--prompt", "query=q: "])
    return folder


def test_random_bodies_are_answered(start, tiny):
    problems, seen = fuzz_bodies.fuzz(start(tiny).wait_ready(), 6000, seed=1)
    assert not problems, "\n".join(problems)
    assert seen[200] > 500 and seen[400] > 500, f"the bodies are no mixture: {seen}"


def test_damaged_folders_are_refused_or_served(binary, tiny):
    problems, seen = fuzz_models.fuzz(binary, tiny, 150, seed=1)
    assert not problems, "\n".join(problems)
    assert seen["refused"] > 30 and seen["served"] > 5, seen
