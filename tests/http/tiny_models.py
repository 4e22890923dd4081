# SPDX-License-Identifier: Apache-2.0
"""The tiny models of SHARED_DIR/reference/families: their weights come from a formula, and their folders hold what
sentence-transformers made of 22 texts, or of pairs of them."""
import importlib
import json
import shutil
import sys


def _reference(shared_data, module):
    folder = shared_data.parent / "reference" / "families"
    if not folder.is_dir():
        import pytest  # which tests/models/list_models.py does without

        pytest.skip(f"no families at {folder}")
    sys.path.insert(0, str(folder))
    try:
        return folder, importlib.import_module(module)
    finally:
        sys.path.remove(str(folder))


def texts(shared_data):
    return _reference(shared_data, "texts")[1].TEXTS


def module(shared_data, name):
    return _reference(shared_data, name)[1]


def make(shared_data, name, folder, head=None, prefix=""):
    """A model folder below `folder`, complete with weights and tokenizer; with `head`, {tensor: shape}, they are a head's
    model's, whose other tensors have the prefix."""
    reference, weights = _reference(shared_data, "weights")
    model = folder / name
    shutil.copytree(reference / "families" / name, model)
    tokenizer = (model / "tokenizer.name").read_text().strip()
    shutil.copy(reference / "tokenizers" / f"{tokenizer}.json", model / "tokenizer.json")
    if head:
        _add_head(model / "tensors.json", head, prefix)
    for tensors in model.rglob("tensors.json"):
        weights.write(str(tensors))
    return model


def _add_head(path, head, prefix):
    tensors = [{**tensor, "name": prefix + tensor["name"]} for tensor in json.loads(path.read_text())]
    for name, shape in head.items():
        tensors.append({"name": name, "shape": shape, "dtype": "F32", "scale": 0.3, "offset": 0.0})
    path.write_text(json.dumps(tensors))
