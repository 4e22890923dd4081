# SPDX-License-Identifier: Apache-2.0
"""Systems that forbid code made at run time, as systemd's MemoryDenyWriteExecute= and SELinux do."""

import ctypes
import subprocess

import pytest

from harness import environment

PR_SET_MDWE = 65  # <linux/prctl.h>, Linux 6.3
PR_MDWE_REFUSE_EXEC_GAIN = 1


def forbid_making_code():
    """Of this process and what it becomes: no memory that is or was writable becomes executable."""
    if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
        raise OSError("PR_SET_MDWE")


def test_forbidden_code_is_said_in_a_sentence_before_the_port_opens(binary, model):
    try:
        subprocess.run(["true"], preexec_fn=forbid_making_code, check=True)
    except subprocess.SubprocessError:
        pytest.skip("this kernel has no PR_SET_MDWE")
    done = subprocess.run(
        [binary, "--model-id", model, "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        preexec_fn=forbid_making_code,
    )
    assert done.returncode == 1 and "listening" not in done.stderr, done
    line = done.stderr.strip()
    assert "\n" not in line and "this sandbox forbids code made at run time" in line
    assert "MemoryDenyWriteExecute" in line and "execmem" in line
