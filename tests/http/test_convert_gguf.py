# SPDX-License-Identifier: Apache-2.0
"""server/convert-gguf on GGUF files that are written here as llama.cpp's converter writes them: the names are those of its package
gguf, the vectors sentence-transformers'."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

import clients
import tiny_models
from fake_hub import FakeHub, folder_files
from harness import run_to_end
from test_served_families import embed

gguf = pytest.importorskip("gguf")
np = pytest.importorskip("numpy")

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHITECTURES = {
    "bert-cased": gguf.MODEL_ARCH.BERT,
    "camembert": gguf.MODEL_ARCH.BERT,
    "embeddinggemma": gguf.MODEL_ARCH.GEMMA_EMBEDDING,
    "modernbert": gguf.MODEL_ARCH.MODERN_BERT,
    "nomic-bert": gguf.MODEL_ARCH.NOMIC_BERT,
    "qwen2-embedding": gguf.MODEL_ARCH.QWEN2,
    "qwen3-embedding": gguf.MODEL_ARCH.QWEN3,
    "roberta": gguf.MODEL_ARCH.BERT,
    "xlm-roberta": gguf.MODEL_ARCH.BERT,
}
POOLINGS = {"mean": gguf.PoolingType.MEAN, "cls": gguf.PoolingType.CLS, "lasttoken": gguf.PoolingType.LAST}
OLD_MODES = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "lasttoken"}
LEFT_OUT = ("pooler.", "embeddings.position_ids")


def read_safetensors(path):
    """As float32."""
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    tensors = {}
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            kind = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[entry["dtype"]]
            values = np.frombuffer(raw[8 + size + begin : 8 + size + end], kind).reshape(entry["shape"])
            tensors[name] = (values.astype("<u4") << 16).view("<f4") if kind == "<u2" else values.astype("<f4")
    return tensors


def pooling(model):
    config = json.loads((model / "1_Pooling" / "config.json").read_text())
    return POOLINGS[config.get("pooling_mode") or next(OLD_MODES[key] for key in OLD_MODES if config[key])]


class Writer:
    def __init__(self, path, architecture, model):
        self.config = json.loads((model / "config.json").read_text())
        self.names = gguf.get_tensor_name_map(architecture, self.config["num_hidden_layers"])
        self.file = gguf.GGUFWriter(path, gguf.MODEL_ARCH_NAMES[architecture])
        self.file.add_pooling_type(pooling(model))
        self.file.add_base_model_count(1)
        self.file.add_base_model_repo_url(0, "https://hub.example/acme/tiny")

    def name(self, ours):
        found = (self.names.get_name(prefix + ours, try_suffixes=(".weight", ".bias")) for prefix in ("", "model."))
        return next(name for name in found if name)

    def add(self, ours, values, kind):
        if self.config["model_type"] == "gemma3_text" and ours.endswith("norm.weight"):
            values = values + 1
        if ours == "embeddings.position_embeddings.weight" and "roberta" in (self.config["architectures"][0].lower()):
            values = values[self.config["pad_token_id"] + 1 :]
        if values.ndim == 1:
            kind = gguf.GGMLQuantizationType.F32
        self.file.add_tensor(self.name(ours), gguf.quantize(values, kind), raw_dtype=kind)

    def write(self):
        self.file.write_header_to_file()
        self.file.write_kv_data_to_file()
        self.file.write_tensors_to_file()
        self.file.close()


def write_gguf(path, architecture, model, kind="F32"):
    """The model as GGUF, and its folder without weights."""
    writer = Writer(path, architecture, model)
    for name, values in read_safetensors(model / "model.safetensors").items():
        if not name.startswith(LEFT_OUT):
            writer.add(name, values, gguf.GGMLQuantizationType[kind])
    for i, folder in enumerate(sorted(model.glob("*_Dense")), 2):
        writer.add(f"dense_{i}_out.weight", read_safetensors(folder / "model.safetensors")["linear.weight"], gguf.GGMLQuantizationType.F32)
        (folder / "model.safetensors").unlink()
    writer.write()
    (model / "model.safetensors").unlink()
    return path


def run(*arguments, **more):
    command = [sys.executable, ROOT / "server/convert-gguf", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


def convert(*arguments, **more):
    done = run(*arguments, **more)
    assert done.returncode == 0, done.stderr


def refusal(*arguments):
    done = run(*arguments)
    assert done.returncode in (1, 2)
    return done.stderr


@pytest.fixture
def tiny(shared_data, tmp_path):
    """(a tiny BERT, the same as GGUF)"""
    model = tiny_models.make(shared_data, "bert-cased", tmp_path)
    return model, write_gguf(tmp_path / "tiny.gguf", gguf.MODEL_ARCH.BERT, model)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_vectors_are_those_of_sentence_transformers(shared_data, start, tmp_path, name):
    texts = tiny_models.texts(shared_data)
    model = tiny_models.make(shared_data, name, tmp_path)
    expected = np.fromfile(model / "expected.f32", "<f4").reshape(len(texts), -1)
    convert(write_gguf(tmp_path / "tiny.gguf", ARCHITECTURES[name], model), model, tmp_path / "made")
    found = embed(start(tmp_path / "made", "--dtype", "float32", "--threads", 1).wait_ready(), texts)
    assert (np.abs(found - expected) <= 2e-5 * np.maximum(1, np.abs(expected).max(axis=1, keepdims=True))).all()


ENCODE = """
import sys
from sentence_transformers import SentenceTransformer
folder, *texts = sys.argv[1:]
sys.stdout.buffer.write(SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": "float32"}).encode(texts).tobytes())
"""


@pytest.mark.library
@pytest.mark.parametrize("name", ["bert-cased", "embeddinggemma", "nomic-bert", "qwen3-embedding"])
def test_quantized_files_are_the_same_to_sentence_transformers(shared_data, start, tmp_path, python, name):
    texts = ["one", "two three, four"]
    model = tiny_models.make(shared_data, name, tmp_path)
    exact = embed(start(model, "--dtype", "float32").wait_ready(), texts)
    convert(write_gguf(tmp_path / "tiny.gguf", ARCHITECTURES[name], model, "Q8_0"), model, tmp_path / "made")
    command = [python / "python3", "-c", ENCODE, tmp_path / "made", *texts]
    environment = {**os.environ, "PYTHONPATH": "", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, timeout=300, check=True, stdout=subprocess.PIPE)
    expected = np.frombuffer(done.stdout, "<f4").reshape(len(texts), -1)
    found = embed(start(tmp_path / "made", "--dtype", "float32").wait_ready(), texts)
    assert found == pytest.approx(expected, abs=2e-5)
    assert found != pytest.approx(exact, abs=2e-5), "Q8_0 rounds"


@pytest.mark.parametrize("kind, error", [("F16", 2**-11), ("Q8_0", 1 / 254 + 2**-11), ("Q4_0", 1 / 8)])
def test_weights_are_as_exact_as_their_format(shared_data, tmp_path, kind, error):
    """Relative to the largest of 32 beside each other."""
    model = tiny_models.make(shared_data, "bert-cased", tmp_path)
    expected = read_safetensors(model / "model.safetensors")
    convert(write_gguf(tmp_path / "tiny.gguf", gguf.MODEL_ARCH.BERT, model, kind), model, tmp_path / "made")
    found = read_safetensors(tmp_path / "made" / "model.safetensors")
    assert found.keys() == {name for name in expected if not name.startswith(LEFT_OUT)}
    differ = 0
    for name, values in found.items():
        blocks = expected[name].reshape(-1, 32)
        differences = np.abs(values.reshape(-1, 32) - blocks)
        assert (differences <= 1.01 * error * np.abs(blocks).max(axis=1, keepdims=True)).all(), name
        differ += differences.any()
    assert differ


def test_everything_else_is_of_the_original(tiny, tmp_path):
    model, file = tiny
    (model / "onnx").mkdir()
    for name in ("pytorch_model.bin", "model.safetensors.index.json", "onnx/config.json", "README.md"):
        (model / name).write_text("{}")
    made = model / "made"
    convert(file, model, made)
    names = {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()}
    assert {"README.md", "config.json", "modules.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"} < names
    assert not names & {"pytorch_model.bin", "model.safetensors.index.json", "onnx/config.json"}
    assert (made / "tokenizer.json").read_bytes() == (model / "tokenizer.json").read_bytes()


def test_the_original_may_be_on_the_hub(tiny, tmp_path):
    model, file = tiny
    packages = pathlib.Path(clients.python_with("huggingface_hub")).parents[1].glob("lib/*/site-packages")
    fake = FakeHub()
    try:
        fake.add("acme/tiny", {**folder_files(model), "model.safetensors": b"large"})
        paths = ":".join([*map(str, packages), os.environ.get("PYTHONPATH", "")])
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths, **fake.environment(tmp_path / "hub")}
        convert(file, "acme/tiny", tmp_path / "made", env=environment)
        assert fake.count("hub", "/resolve/.*/tokenizer.json") and not fake.count("hub", "/resolve/.*/model.safetensors")
    finally:
        fake.close()
    assert read_safetensors(tmp_path / "made" / "model.safetensors")


def test_what_does_not_fit_is_refused(shared_data, tiny, tmp_path):
    model, file = tiny
    other = tiny_models.make(shared_data, "qwen3-embedding", tmp_path)
    config = (model / "1_Pooling/config.json").read_text()
    for words, more in {
        "general.base_model.0.repo_url: https://hub.example/acme/tiny": [],
        "the file has the architecture bert, ORIGINAL's would be qwen3": [other, tmp_path / "made"],
        "missing: there is no such folder": [tmp_path / "missing", tmp_path / "made"],
        "is there already": [model, model],
    }.items():
        done = run(file, *more)
        assert done.returncode in (1, 2) and words in done.stdout + done.stderr
    (model / "1_Pooling/config.json").write_text(config.replace("mean_tokens", "x").replace("cls_token\": false", "cls_token\": true"))
    assert "the file has the pooling mean, ORIGINAL has not" in refusal(file, model, tmp_path / "made")
    (model / "1_Pooling/config.json").write_text(config)
    modules = (model / "modules.json").read_text()
    (model / "modules.json").write_text(modules.replace('"path": ""', '"path": "../.."'))
    assert "modules.json: ../.. is not in it" in refusal(file, model, tmp_path / "made")
    (model / "modules.json").write_text(modules)
    (tmp_path / "text.gguf").write_text("no such thing")
    assert "text.gguf: " in refusal(tmp_path / "text.gguf", model, tmp_path / "made")
    writer = Writer(tmp_path / "more.gguf", gguf.MODEL_ARCH.BERT, model)
    writer.file.add_tensor("cls.output.weight", np.zeros((1, 32), "<f4"))
    writer.write()
    assert "cls.output.weight: a tensor that bert is not known to have" in refusal(tmp_path / "more.gguf", model, tmp_path / "made")
    assert not (tmp_path / "made").exists() and not list(tmp_path.glob(".convert-gguf-*"))


def test_the_refusals_command_works(binary, tiny, tmp_path):
    """Of the file and of its folder."""
    model, file = tiny
    folder = tmp_path / "gguf"
    folder.mkdir()
    shutil.move(file, folder)
    for i, path in enumerate((folder, folder / "tiny.gguf")):
        done = run_to_end(binary, "--model-id", path)
        assert f"nestd: --model-id={path}: GGUF is not read; " in done.stderr
        command = re.search(r"convert it by: (server/convert-gguf .*)$", done.stderr, re.M).group(1)
        made = tmp_path / f"made-{i}"
        command = command.replace("ORIGINAL", str(model)).replace("NEW_FOLDER", str(made))
        subprocess.run(["bash", "-c", f"PATH={pathlib.Path(sys.executable).parent}:$PATH {command}"], cwd=ROOT, timeout=120, check=True)
        assert (made / "model.safetensors").exists()
