# SPDX-License-Identifier: Apache-2.0
"""Every family's encoder against float64, by ids: the tiny models of SHARED_DIR/reference/families, whose expected vectors are
sentence-transformers', and the same models with other weights, whose expected vectors are those of the specification beside them (spec.py), which
agrees with sentence-transformers on the first. ENCODE_IDS is the program that encodes (tests/models/encode_ids.c)."""
import json
import os
import pathlib
import random
import re
import secrets
import shutil
import subprocess
import sys

import pytest

np = pytest.importorskip("numpy")

ROOT = pathlib.Path(os.environ.get("SHARED_DIR", "")) / "reference" / "families"
PROGRAM = pathlib.Path(os.environ.get("ENCODE_IDS", "build/plain/tests/models/encode_ids"))
FAMILIES = [
    "albert",
    "bert-cased",
    "camembert",
    "deberta-v2",
    "distilbert",
    "electra",
    "embeddinggemma",
    "eurobert",
    "gte",
    "gte-new-ntk",
    "jina-bert-v2-heads4",
    "jina-bert-v2-heads6",
    "jina-embeddings-v3",
    "mistral-embedding",
    "modernbert",
    "mpnet",
    "nomic-bert",
    "nomic-moe",
    "qwen2-embedding",
    "qwen3-embedding",
    "roberta",
    "t5-gated",
    "t5-gtr",
    "xlm-roberta",
]
MADE = ["umt5"]  # of another family's folder, by copy_family


@pytest.fixture(scope="module")
def spec():
    if not (ROOT / "spec.py").exists():
        pytest.skip(f"no families at {ROOT}")
    sys.path.insert(0, str(ROOT))
    try:
        import spec as module
    finally:
        sys.path.remove(str(ROOT))
    return module


def copy_family(name, folder):
    """umt5 is t5-gated with biases in each layer."""
    shutil.copytree(ROOT / "families" / ("t5-gated" if name == "umt5" else name), folder)
    if name != "umt5":
        return
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "umt5"}
    tensors = json.loads((folder / "tensors.json").read_text())
    first = next(t for t in tensors if "relative_attention_bias" in t["name"])
    tensors += [dict(first, name=first["name"].replace("block.0", f"block.{i}")) for i in range(1, config["num_layers"])]
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tensors.json").write_text(json.dumps(tensors))


def cut_modules(folder):
    """Leaves out what is not the encoder's: the tokenizer, Dense and the like. True if there was such a module."""
    (folder / "tokenizer_config.json").unlink()
    path = folder / "modules.json"
    modules = json.loads(path.read_text())
    kept = [m for m in modules if m["type"].split(".")[-1] in ("Transformer", "Pooling", "Normalize")]
    for i, module in enumerate(kept):
        module["idx"], module["name"] = i, str(i)
    path.write_text(json.dumps(kept))
    return len(kept) < len(modules)


HUB_FAMILIES = ["embeddinggemma", "eurobert", "modernbert", "nomic-bert", "qwen2-embedding", "qwen3-embedding"]


def write_weights(spec, folder, salt, monkeypatch):
    if salt:
        plain = spec.W.fnv1a
        monkeypatch.setattr(spec.W, "fnv1a", lambda name: plain(salt + name))
    spec.W.write(str(folder / "tensors.json"))


def expected_vectors(spec, folder, ids):
    weights = spec.load(str(folder / "model.safetensors"))
    description = spec.describe(json.loads((folder / "config.json").read_text()), weights)
    return np.array([spec.after(str(folder), spec.run(description, np.array(text))) for text in ids])


def run_program(folder, ids, dtype, *words):
    lines = "".join(" ".join(map(str, text)) + "\n" for text in ids)
    done = subprocess.run([PROGRAM, folder, dtype, *words], input=lines.encode(), capture_output=True, timeout=300, check=False)
    if b"this CPU" in done.stderr:
        pytest.skip("this CPU has no avx512_bf16")
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, "<f4")


def encode(folder, ids, dtype="float32"):
    return run_program(folder, ids, dtype).reshape(len(ids), -1)


def expected_layers(spec, folder, ids):
    """What each layer makes of each text, the last with the final norm where there is one."""
    description = spec.describe(json.loads((folder / "config.json").read_text()), spec.load(str(folder / "model.safetensors")))
    n_layers = len(description["layers"])
    for text in ids:
        for n in range(1, n_layers + 1):
            part = dict(description, layers=description["layers"][:n])
            if n < n_layers:
                part["final"] = None
            yield spec.run(part, np.array(text))


def assert_close(found, expected):
    """2e-5 of a row's largest value, or of 1 where that is larger."""
    bound = 2e-5 * np.maximum(1, np.abs(expected).max(axis=1, keepdims=True))
    assert found.shape == expected.shape
    assert (np.abs(found - expected) <= bound).all(), np.abs(found - expected).max()


@pytest.mark.parametrize("salted", [False, True], ids=["expected", "salted"])
@pytest.mark.parametrize("name", FAMILIES)
def test_encoder_agrees_with_float64(spec, name, salted, tmp_path, monkeypatch):
    folder = tmp_path / name
    shutil.copytree(ROOT / "families" / name, folder)
    expected = json.loads((folder / "expected.json").read_text())
    is_cut = cut_modules(folder)
    salt = secrets.token_hex(4) if salted else ""
    print(f"salt {salt!r}")
    write_weights(spec, folder, salt, monkeypatch)
    if salted or is_cut:
        vectors = expected_vectors(spec, folder, expected["ids"])
    else:
        vectors = np.fromfile(folder / "expected.f32", "<f4").reshape(expected["n"], expected["dims"])
    assert_close(encode(folder, expected["ids"]), vectors)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_layer_agrees_with_float64(spec, name, tmp_path, monkeypatch):
    """A short text, and the longest: a fault shows in the layer that makes it, and is not lost in the pooling."""
    folder = tmp_path / name
    shutil.copytree(ROOT / "families" / name, folder)
    ids = json.loads((folder / "expected.json").read_text())["ids"]
    ids = [ids[2], max(ids, key=len)]
    cut_modules(folder)
    write_weights(spec, folder, "", monkeypatch)
    found = run_program(folder, ids, "float32", "layers")
    for layer in expected_layers(spec, folder, ids):
        assert_close(found[: layer.size].reshape(layer.shape), layer)
        found = found[layer.size :]
    assert found.size == 0


CAUSAL_WINDOWS = {"embeddinggemma": {"use_bidirectional_attention": False}, "mistral-embedding": {"sliding_window": 16}}


@pytest.mark.parametrize("name", CAUSAL_WINDOWS)
def test_a_causal_window_ends_with_its_token(spec, name, tmp_path, monkeypatch):
    """Gemma 3 in one direction, and Mistral: the last sliding_window tokens, as transformers has it, and not half of them on each
    side."""
    folder = tmp_path / name
    shutil.copytree(ROOT / "families" / name, folder)
    ids = json.loads((folder / "expected.json").read_text())["ids"]
    cut_modules(folder)
    write_weights(spec, folder, "", monkeypatch)
    config = json.loads((folder / "config.json").read_text())
    config.update(CAUSAL_WINDOWS[name])
    (folder / "config.json").write_text(json.dumps(config))
    description = spec.describe(config, spec.load(str(folder / "model.safetensors")))
    for layer in description["layers"]:
        if "window" in layer or name == "mistral-embedding":
            layer["window"] = config["sliding_window"] - 1
    expected = np.array([spec.after(str(folder), spec.run(description, np.array(text))) for text in ids])
    assert max(map(len, ids)) > config["sliding_window"]
    assert_close(encode(folder, ids), expected)


DISENTANGLED = {
    "content-to-position": {"pos_att_type": "c2p"},
    "position-to-content": {"pos_att_type": ["p2c"]},
    "no-buckets": {"position_buckets": -1, "max_relative_positions": 16},
    "position-table": {"position_biased_input": True},
}


@pytest.mark.parametrize("change", DISENTANGLED.values(), ids=DISENTANGLED)
def test_disentangled_scores_are_what_the_file_says(spec, change, tmp_path, monkeypatch):
    folder = tmp_path / "deberta"
    shutil.copytree(ROOT / "families" / "deberta-v2", folder)
    ids = json.loads((folder / "expected.json").read_text())["ids"]
    cut_modules(folder)
    config = json.loads((folder / "config.json").read_text()) | change
    (folder / "config.json").write_text(json.dumps(config))
    tensors = json.loads((folder / "tensors.json").read_text())
    shape = [config["max_position_embeddings"], config["hidden_size"]]
    tensors.append({"name": "embeddings.position_embeddings.weight", "shape": shape, "dtype": "F32", "scale": 1.0, "offset": 0.0})
    (folder / "tensors.json").write_text(json.dumps(tensors))
    write_weights(spec, folder, "", monkeypatch)
    weights = spec.load(str(folder / "model.safetensors"))
    description = spec.describe(config, weights)
    if config["position_biased_input"]:
        description.update(pos_rows=weights["embeddings.position_embeddings.weight"], pos_from=0)
    expected = np.array([spec.after(str(folder), spec.run(description, np.array(text))) for text in ids])
    assert max(map(len, ids)) > 2 * 16
    assert_close(encode(folder, ids), expected)


def convolve(x, weight, bias):
    """Of the rows x [n, in] by weight [out, in, width], zeros around them."""
    half = weight.shape[2] // 2
    around = np.pad(x, ((half, half), (0, 0)))
    return sum(around[i : i + len(x)] @ weight[:, :, i].T for i in range(weight.shape[2])) + bias


def run_convolved(spec, description, weights, text):
    """DeBERTa's layers; the first one's rows with the convolution of the rows before it, normed."""
    x = first = spec.run(dict(description, layers=[]), np.array(text))
    for i, layer in enumerate(description["layers"]):
        x = spec.norm(description, x + spec.attend(description, layer, x), layer["n1"])
        x = spec.norm(description, x + spec.feed(description, layer, x), layer["n2"])
        if i == 0:
            convolved = convolve(first, weights["encoder.conv.conv.weight"], weights["encoder.conv.conv.bias"])
            x = spec.norm(description, x + spec.ACT["gelu"](convolved), spec.L(weights, "encoder.conv.LayerNorm"))
    return x


@pytest.mark.parametrize("width", [1, 3, 5])
def test_a_convolution_stands_beside_the_first_layer(spec, width, tmp_path, monkeypatch):
    """As transformers' DebertaV2Model with conv_kernel_size has it, and Albertina's 900 million parameters."""
    folder = tmp_path / "deberta"
    shutil.copytree(ROOT / "families" / "deberta-v2", folder)
    ids = json.loads((folder / "expected.json").read_text())["ids"]
    cut_modules(folder)
    config = json.loads((folder / "config.json").read_text()) | {"conv_kernel_size": width, "conv_act": "gelu"}
    (folder / "config.json").write_text(json.dumps(config))
    tensors = json.loads((folder / "tensors.json").read_text())
    for name, shape, scale, offset in (
        ("conv.weight", [64, 64, width], 0.2, 0.0),
        ("conv.bias", [64], 0.1, 0.0),
        ("LayerNorm.weight", [64], 0.1, 1.0),
        ("LayerNorm.bias", [64], 0.1, 0.0),
    ):
        tensors.append({"name": f"encoder.conv.{name}", "shape": shape, "dtype": "F32", "scale": scale, "offset": offset})
    (folder / "tensors.json").write_text(json.dumps(tensors))
    write_weights(spec, folder, "", monkeypatch)
    weights = spec.load(str(folder / "model.safetensors"))
    description = spec.describe(config, weights)
    expected = np.array([spec.after(str(folder), run_convolved(spec, description, weights, text)) for text in ids])
    assert_close(encode(folder, ids), expected)


def run_with_layer_biases(spec, description, weights, text):
    """T5's gated layers, each with the biases that it has itself."""
    x = spec.run(dict(description, layers=[], final=None), np.array(text))
    for i, layer in enumerate(description["layers"]):
        own = dict(description, bias_rows=weights[f"encoder.block.{i}.layer.0.SelfAttention.relative_attention_bias.weight"])
        x = x + spec.attend(own, layer, spec.norm(own, x, layer["n1"]))
        x = x + spec.feed(own, layer, spec.norm(own, x, layer["n2"]))
    return spec.norm(description, x, description["final"])


@pytest.mark.parametrize("salted", [False, True], ids=["plain", "salted"])
def test_each_layer_of_umt5_has_its_own_biases(spec, salted, tmp_path, monkeypatch):
    """As transformers' UMT5EncoderModel has it (tests/models/check_families.py)."""
    folder = tmp_path / "umt5"
    copy_family("umt5", folder)
    ids = json.loads((folder / "expected.json").read_text())["ids"]
    cut_modules(folder)
    salt = secrets.token_hex(4) if salted else ""
    print(f"salt {salt!r}")
    write_weights(spec, folder, salt, monkeypatch)
    weights = spec.load(str(folder / "model.safetensors"))
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "t5"}
    description = spec.describe(config, weights)
    expected = np.array([spec.after(str(folder), run_with_layer_biases(spec, description, weights, text)) for text in ids])
    found = encode(folder, ids)
    assert config["num_layers"] > 1
    assert_close(found, expected)
    (folder / "config.json").write_text(json.dumps(config))
    assert np.abs(encode(folder, ids) - found).max() > 1e-3  # t5's have the first layer's in all


@pytest.mark.parametrize("name", HUB_FAMILIES)
def test_the_keys_of_published_folders_mean_the_same(spec, name, tmp_path, monkeypatch):
    folder = tmp_path / name
    shutil.copytree(ROOT / "families" / name, folder)
    ids = json.loads((folder / "expected.json").read_text())["ids"]
    cut_modules(folder)
    write_weights(spec, folder, "", monkeypatch)
    vectors = encode(folder, ids)
    shutil.move(folder / "config.hub.json", folder / "config.json")
    assert (encode(folder, ids) == vectors).all()


EXPERTS = "nomic-moe"  # which are not served in int8


@pytest.mark.parametrize(
    "name, dtype",
    [(name, dtype) for name in FAMILIES + MADE for dtype in ("bfloat16", "int8") if (name, dtype) != (EXPERTS, "int8")],
)
def test_other_formats_keep_their_bytes_and_come_close(spec, name, dtype, tmp_path, monkeypatch):
    """encode_ids compares the bytes. How close int8 comes is what the server measures and mends at start; here it only must not be wrong."""
    folder = tmp_path / name
    copy_family(name, folder)
    expected = json.loads((folder / "expected.json").read_text())
    cut_modules(folder)
    write_weights(spec, folder, "", monkeypatch)
    exact, found = encode(folder, expected["ids"]), encode(folder, expected["ids"], dtype)
    cosines = (exact * found).sum(axis=1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(found, axis=1)
    assert cosines.min() > 0.98


def test_experts_are_refused_in_int8(spec, tmp_path, monkeypatch):
    folder = tmp_path / EXPERTS
    shutil.copytree(ROOT / "families" / EXPERTS, folder)
    cut_modules(folder)
    write_weights(spec, folder, "", monkeypatch)
    done = subprocess.run([PROGRAM, folder, "int8"], input=b"1\n", capture_output=True, timeout=300, check=False)
    assert done.returncode == 2 and b"experts cannot be served in int8" in done.stderr


ODD_VALUES = [-1, 0, 1, 2, 3, 2**31, 1e30, 0.5, "", "x", "c2p", True, False, None, [], [1], {}, {"x": 1}]


def damage_config(chance, folder):
    config = json.loads((folder / "config.json").read_text())
    for key in chance.sample(sorted(config), chance.randint(1, 2)):
        config[key] = chance.choice(ODD_VALUES)
    (folder / "config.json").write_text(json.dumps(config))
    return config


def damage_weights(chance, folder):
    """A tensor less, one of another shape or type, or a byte of the header changed."""
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    name = chance.choice(sorted(set(header) - {"__metadata__"}))
    kind = chance.randrange(4)
    if kind == 0:
        del header[name]
    elif kind == 1:
        header[name]["shape"] = chance.choice([[], [1], [0, 0], header[name]["shape"][::-1] + [1], [2**62, 2**62]])
    elif kind == 2:
        header[name]["dtype"] = chance.choice(["F16", "I64", "X"])
    text = bytearray(json.dumps(header).encode())
    if kind == 3:
        text[chance.randrange(len(text))] = chance.randrange(256)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[end:])
    return f"{name}: {kind}"


@pytest.mark.parametrize("name", FAMILIES + MADE)
def test_a_damaged_folder_is_refused_or_runs(spec, name, tmp_path, monkeypatch):
    """Never a signal and never a hang: ENCODE_IDS of a build with sanitizers makes it a fuzzer, DAMAGES of them."""
    folder, seed = tmp_path / name, secrets.randbits(32)
    copy_family(name, folder)
    cut_modules(folder)
    write_weights(spec, folder, "", monkeypatch)
    saved = {path: path.read_bytes() for path in (folder / "config.json", folder / "model.safetensors")}
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(int(os.environ.get("DAMAGES", "12"))):
        what = chance.choice([damage_config, damage_weights])(chance, folder)
        done = subprocess.run([PROGRAM, folder, "float32"], input=b"2 5 3\n1\n", capture_output=True, timeout=100, check=False)
        is_refused = done.returncode == 2 and re.match(rb"encode_ids: \S", done.stderr)
        assert done.returncode == 0 or is_refused, (what, done)
        for path, content in saved.items():
            path.write_bytes(content)
