# SPDX-License-Identifier: Apache-2.0
"""The README's first commands, in a checkout where nothing is built."""

import pathlib
import re
import shutil
import subprocess
import time

import pytest

from harness import environment
from test_readme import plain, table

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path):
    """What the scripts read, and nothing that was built or downloaded."""
    for name in ("config", "server"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "meson.build", tmp_path)
    return tmp_path


def run(checkout, *command):
    """The script's outcome. What would install or download anything fails at once."""
    stubs = checkout / "stubs"
    stubs.mkdir()
    for name in ("apt-get", "sudo", "meson", "ninja", "gcc", "npm", "pip", "curl", "hf"):
        (stubs / name).write_text("#!/bin/sh\necho 'not wanted here' >&2\nexit 99\n")
        (stubs / name).chmod(0o755)
    path = f"{stubs}:{environment()['PATH']}"
    return subprocess.run(
        [checkout / command[0], *command[1:]],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment({"PATH": path}),
        cwd=checkout,
    )


@pytest.mark.parametrize("command", ["serve", "embed", "evaluate"])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_comes_at_once(checkout, flag, command):
    began = time.monotonic()
    done = run(checkout, "server/run", *([] if command == "serve" else [command]), flag)
    assert done.returncode == 0 and done.stderr == "", done
    assert time.monotonic() - began < 5 and not (checkout / "build").exists()
    rows = dict(part.split(" ", 1) for part in done.stdout.split("\n  --")[1:])
    assert {f"--{name}" for name in rows} == set(table(command))
    for name, (default, sentence) in table(command).items():
        row = plain(rows[name[2:]])
        assert plain(sentence) in row, row
        assert (f"[default {plain(default)}]" in row) == bool(default), row


def test_version_comes_at_once(checkout, binary):
    done = run(checkout, "server/run", "--version")
    built = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    assert done.returncode == 0, done
    assert re.fullmatch(r"nestd [0-9.]+ \((unknown|[0-9a-f]{10})\)\n", done.stdout), done
    assert done.stdout.split(" (")[0] == built.stdout.split(" (")[0], "but for the commit"


def test_what_is_built_answers_for_itself(checkout):
    program = checkout / "build/release/server/nestd"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "nestd was asked: $*"\n')
    program.chmod(0o755)
    done = run(checkout, "server/run", "--port", "1", "--help")
    assert done.returncode == 0 and done.stdout == "nestd was asked: --help\n", done


def test_another_model_of_the_hub_is_not_replaced_by_the_default_one(checkout):
    done = run(checkout, "server/get-model", "BAAI/bge-small-en-v1.5")
    assert done.returncode == 2, done
    assert "all-MiniLM-L6-v2 alone" in done.stderr
    assert "server/run --model-id BAAI/bge-small-en-v1.5" in done.stderr
    assert not (checkout / "BAAI").exists()


def write_program(path, script):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def start(checkout, *options, hub="exit 22", **variables):
    """What server/run starts where all is built: the stand-in says which model it was given."""
    write_program(checkout / "server/packages", "exit 0")
    write_program(checkout / "server/get-model", "exit 0")
    write_program(checkout / "stubs/ninja", "echo 'ninja: no work to do.'")
    write_program(checkout / "stubs/curl", hub)
    write_program(checkout / "build/release/server/nestd", 'echo "$NESTD_MODEL_ID $*"')
    (checkout / "build/release/build.ninja").touch()
    path = f"{checkout}/stubs:{environment()['PATH']}"
    done = subprocess.run(
        [checkout / "server/run", *options],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment({"PATH": path, "HOME": str(checkout / "home"), **variables}),
    )
    assert done.returncode == 0, done
    return done.stdout.strip()


def test_default_model_is_the_hub_s_where_it_answers_or_has_answered(checkout):
    name = "sentence-transformers/all-MiniLM-L6-v2"
    folder = str(checkout / "models/all-MiniLM-L6-v2")
    cache = {"HF_HUB_CACHE": str(checkout / "cache")}
    assert start(checkout, hub="exit 0", **cache) == name
    assert start(checkout, **cache) == folder, "from a package registry"
    refs = checkout / "cache/models--sentence-transformers--all-MiniLM-L6-v2/refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text("c9745ed1d9f207416be6d2e6f8de32d1f16199bf")
    assert start(checkout, HF_HUB_OFFLINE="1", **cache) == name, "got before"
    (checkout / "models/all-MiniLM-L6-v2").mkdir(parents=True)
    assert start(checkout, hub="exit 0", **cache) == folder, "the one that is there already"


def test_model_that_is_named_is_nestd_s_to_get(checkout):
    options = ("--model-id", "BAAI/bge-small-en-v1.5")
    assert start(checkout, *options, hub="exit 0") == " ".join(options)
