# SPDX-License-Identifier: Apache-2.0
"""What others' linters say of the files that a container is made by."""

import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def hadolint():
    path = shutil.which("hadolint", path=pathlib.Path(sys.executable).parent) or shutil.which("hadolint")
    if not path:
        pytest.skip("hadolint, of tests/requirements.txt, is not there")

    def run(dockerfile):
        done = subprocess.run([path, "--no-color", dockerfile], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    return run


def test_hadolint_has_no_complaint(hadolint):
    assert hadolint(ROOT / "Dockerfile") == (0, "")


def test_hadolint_would_complain(hadolint, tmp_path):
    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM debian\nRUN cd /tmp && sudo true\n")
    code, said = hadolint(wrong)
    assert code == 1 and {"DL3006", "DL3003", "DL3004"} <= set(said.split()), said
