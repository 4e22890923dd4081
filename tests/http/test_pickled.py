# SPDX-License-Identifier: Apache-2.0
"""Weights in formats that are not read, and models in one folder: the refusal says the way out, and that works."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import run_to_end

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = ROOT / "tests/data/models/tiny-mean"
PICKLE = """
import sys, torch
from safetensors.torch import load_file
tensors = load_file(sys.argv[1])
first, *_ = tensors
tensors["shared"] = tensors[first]
torch.save(tensors, sys.argv[2] + "/pytorch_model.bin")
"""
SHARDS = """
import json, sys, torch
from safetensors.torch import load_file
tensors = list(load_file(sys.argv[1]).items())
map = {}
for i in 0, 1:
    name = f"pytorch_model-{i + 1:05}-of-00002.bin"
    torch.save(dict(tensors[i::2]), sys.argv[2] + "/" + name)
    map.update((tensor, name) for tensor, _ in tensors[i::2])
index = {"metadata": {"total_size": 1}, "weight_map": map}
open(sys.argv[2] + "/pytorch_model.bin.index.json", "w").write(json.dumps(index))
"""

ROUTES = """
import json, sys
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Router
from sentence_transformers.sentence_transformer.modules import Dense
tiny, folder = sys.argv[1:]
transformer, pooling, *_ = SentenceTransformer(tiny, device="cpu")
routes = {name: [Dense(pooling.embedding_dimension, 5)] for name in ("query", "document")}
model = SentenceTransformer(modules=[transformer, pooling, Router(routes)], device="cpu")
model.save(folder)
print(json.dumps({task: model.encode("two three", task=task).tolist() for task in routes}))
"""


def copy(tmp_path, weights, name="model"):
    """The tiny model with other weights, empty ones."""
    folder = tmp_path / name
    shutil.copytree(TINY, folder)
    (folder / "model.safetensors").unlink()
    (folder / weights).write_bytes(b"")
    return folder


def refusal(binary, path):
    done = run_to_end(binary, "--model-id", path)
    assert done.returncode in (1, 2)
    return done.stdout + done.stderr


def test_gguf_is_told_whence_to_take_the_model(binary, tmp_path):
    folder = copy(tmp_path, "model-Q8_0.gguf")
    for path in (folder, folder / "model-Q8_0.gguf"):
        assert f"{path}: GGUF is not read; give the model that it was made of" in refusal(binary, path)
    (folder / "config.json").unlink()
    (folder / "modules.json").unlink()
    assert f"{folder}: GGUF is not read" in refusal(binary, folder)


@pytest.mark.parametrize("weights", ["pytorch_model.bin", "pytorch_model.bin.index.json"])
@pytest.mark.parametrize("name", ["model", f"models--{50 * 'o'}--{50 * 'n'}/snapshots/{40 * '0'}"])
def test_pickled_weights_are_told_a_command(binary, tmp_path, name, weights):
    """Whole, however far down the folder is: the hub's cache has such paths."""
    folder = copy(tmp_path, weights, name)
    found = refusal(binary, folder)
    assert f"{str(folder)[:80]}: has its weights only in {weights}, which" in found
    assert re.search(rf"convert it by: python3 -c '.*' {folder}$", found, re.M)


def run_told(python, said):
    """The command at the end of a refusal."""
    command = re.search(r"by: (python3 .*)$", said, re.M).group(1)
    environment = {**os.environ, "PATH": f"{python}:{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}
    subprocess.run(["bash", "-c", command], env=environment, timeout=300, check=True)


@pytest.mark.library
@pytest.mark.parametrize("weights, make", [("pytorch_model.bin", PICKLE), ("pytorch_model.bin.index.json", SHARDS)])
def test_the_command_works(binary, start, tmp_path, python, weights, make):
    folder = copy(tmp_path, weights)
    subprocess.run([python / "python3", "-c", make, TINY / "model.safetensors", folder], timeout=300, check=True)
    run_told(python, refusal(binary, folder))
    texts = ["one", "two three"]
    vectors = [start(path, "--dtype", "float32").wait_ready().embed(input=texts)["data"] for path in (TINY, folder)]
    assert vectors[0] == vectors[1]


@pytest.mark.library
def test_each_route_of_a_router_becomes_a_model(binary, start, tmp_path, python):
    folder = tmp_path / "model"
    made = subprocess.run([python / "python3", "-c", ROUTES, TINY, folder], timeout=300, check=True, stdout=subprocess.PIPE)
    run_told(python, refusal(binary, folder))
    for task, expected in json.loads(made.stdout).items():
        server = start(tmp_path / f"model-{task}", "--dtype", "float32").wait_ready()
        assert server.embed(input="two three")["data"][0]["embedding"] == pytest.approx(expected, abs=2e-5)
