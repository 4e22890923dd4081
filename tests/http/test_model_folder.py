# SPDX-License-Identifier: Apache-2.0
"""What people give as --model-id: it is told what that is and what to do, before the port opens."""

import os
import re
import shutil
import subprocess

import pytest

from harness import environment

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db\n"
    "size 90868376\n"
)
COMMIT = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"


def refused(binary, model_id, status, *options, cwd=None):
    """The one line that is said; nothing was served before it."""
    command = [binary, "--model-id", str(model_id), "--port", "0", *options]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=environment(), cwd=cwd
    )
    assert done.returncode == status, done
    assert "listening" not in done.stderr and done.stdout == "", done
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Try ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_folder_that_is_not_there(binary):
    line = refused(binary, "/nope", 2)
    assert "--model-id" in line and "/nope" in line and "no such folder" in line


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_file_in_place_of_its_folder(binary, model, name):
    line = refused(binary, f"{model}/{name}", 2)
    assert f"{model}/{name}" in line and "not a folder" in line


def test_folder_without_a_model(binary, tmp_path):
    (tmp_path / "empty").mkdir()
    line = refused(binary, tmp_path / "empty", 2)
    assert "modules.json" in line and "config.json" in line


def test_folder_of_models(binary, model, tmp_path):
    shutil.copytree(model, tmp_path / "models" / "minilm", copy_function=os.symlink)
    line = refused(binary, tmp_path / "models", 2)
    assert line.endswith(f"{tmp_path}/models/minilm")


@pytest.fixture
def hub(model, tmp_path):
    """A hub cache as huggingface_hub lays it out: the snapshot's files are links to blobs."""
    repository = tmp_path / "hub" / "models--acme--tiny"
    snapshot = repository / "snapshots" / COMMIT
    (repository / "blobs").mkdir(parents=True)
    for number, (folder, _, names) in enumerate(os.walk(model)):
        inside = snapshot / os.path.relpath(folder, model)
        inside.mkdir(parents=True)
        for name in names:
            blob = repository / "blobs" / f"{number}{name}"
            os.symlink(os.path.join(folder, name), blob)
            os.symlink(os.path.relpath(blob, inside), inside / name)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return tmp_path / "hub"


def served_name(start, *arguments):
    """What the model is called that is served from there."""
    return start(*arguments).wait_ready().get("/v1/models").json()["data"][0]["id"]


def test_folder_of_a_model_in_the_cache(start, hub):
    assert served_name(start, hub / "models--acme--tiny") == "tiny"


def test_cache_of_one_model(start, hub):
    assert served_name(start, hub) == "tiny"
    (hub / "models--acme--tiny" / "refs" / "main").unlink()
    assert served_name(start, hub) == "tiny", "there is one snapshot"


def test_cache_of_several_snapshots(binary, start, hub):
    (hub / "models--acme--tiny" / "snapshots" / ("0" * 40)).mkdir()
    assert served_name(start, hub) == "tiny", "refs/main says which"
    (hub / "models--acme--tiny" / "refs" / "main").unlink()
    assert "--revision" in refused(binary, hub, 2)
    assert served_name(start, hub, "--revision", COMMIT) == "tiny"


def test_cache_of_several_models(binary, hub):
    (hub / "models--acme--large").mkdir()
    line = refused(binary, hub, 2)
    assert "2 models" in line and "ORG/NAME" in line and f"--huggingface-hub-cache {hub}" in line


def test_snapshot_of_the_cache_is_served(start, hub):
    server = start(hub / "models--acme--tiny" / "snapshots" / COMMIT).wait_ready()
    assert len(server.embed(input="a")["data"]) == 1


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "modules.json"])
def test_snapshot_without_its_blobs(binary, hub, name):
    """As where only the snapshot is mounted into a container."""
    snapshot = hub / "models--acme--tiny" / "snapshots" / COMMIT
    (hub / "models--acme--tiny" / "blobs" / f"0{name}").unlink()
    line = refused(binary, snapshot, 1)
    assert name in line and "link" in line and "blobs" in line


@pytest.mark.parametrize(
    "name",
    ["model.safetensors", "tokenizer.json", "config.json", "modules.json", "tokenizer_config.json"],
)
def test_git_lfs_pointer(binary, model_variant, name):
    line = refused(binary, model_variant({name: POINTER}), 1)
    assert name in line and "Git LFS pointer" in line and "git lfs pull" in line


def test_git_lfs_pointer_as_vocabulary(binary, model_variant):
    line = refused(binary, model_variant({"tokenizer.json": None, "vocab.txt": POINTER}), 1)
    assert "vocab.txt" in line and "Git LFS pointer" in line


def test_folder_that_may_not_be_read(binary, model, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may start the program as another user")
    shutil.copytree(model, tmp_path / "private")
    (tmp_path / "private").chmod(0o700)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    copy = shutil.copy(binary, tmp_path / "nestd")
    done = subprocess.run(
        [copy, "--model-id", str(tmp_path / "private"), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        user=65534,
    )
    assert done.returncode == 2 and "listening" not in done.stderr, done
    assert "Permission denied" in done.stderr and "65534" in done.stderr


@pytest.mark.parametrize(
    "options, words",
    [
        (["--default-prompt-name", "nosuch"], ["--default-prompt-name", "nosuch"]),
        (["--matryoshka-dims", "64,100000"], ["--matryoshka-dims", "100000", "384"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_option_that_does_not_fit_the_model(binary, model, options, words):
    line = refused(binary, model, 2, *options)
    for word in words:
        assert word in line, line


def test_dtype_that_this_cpu_does_not_multiply(binary, model):
    """Without its instruction sets, no CPU does."""
    for dtype in ("bfloat16", "int8"):
        line = refused(binary, model, 2, "--dtype", dtype, "--cpu-mask", "none")
        assert f"--dtype={dtype}" in line


def test_what_is_wrong_inside_is_told_before_the_port_opens(binary, model_variant):
    line = refused(binary, model_variant({"config.json": '{"model_type": "big_bird"}'}), 1)
    assert re.search(r"config\.json.*model_type", line)
