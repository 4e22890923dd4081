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
    assert "hf download BAAI/bge-small-en-v1.5" in done.stderr
    assert not (checkout / "BAAI").exists()
