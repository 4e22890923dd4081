# SPDX-License-Identifier: Apache-2.0
"""The short form: one failure of each kind, behind both balancers at a time. `tests/run cluster` has the long one."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest
from balancer import BALANCERS, find_program

CHECK = pathlib.Path(__file__).resolve().with_name("check_cluster.py")
ADDRESSES = "import network; made = network.Loopback(3); print(made.balancer_address, *map(made.address, range(3)))"


def test_clusters_side_by_side_have_addresses_of_their_own():
    """Without namespaces all are this machine's."""
    command = [sys.executable, "-c", ADDRESSES]
    printed = [subprocess.run(command, cwd=CHECK.parent, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert len(set(" ".join(printed).split())) == 8


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """{balancer: (exit status, what it printed)}"""
    binary = os.environ.get("NESTD_BINARY")
    if not binary:
        pytest.skip("NESTD_BINARY does not name the program")
    started = {}
    for name in BALANCERS:
        if find_program(name):
            command = [sys.executable, CHECK, "--short", "--binary", binary, "--balancer", name]
            command += ["--keep", tmp_path_factory.mktemp(name)]
            started[name] = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
            )
    try:
        return {name: (process, process.communicate(timeout=240)[0]) for name, process in started.items()}
    finally:
        for process in started.values():
            if process.poll() is None:  # else it has ended its replicas and its balancer
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.parametrize("name", BALANCERS)
def test_no_failure_reaches_a_client(runs, name):
    if name not in runs:
        pytest.skip(f"{name} is neither in BALANCERS nor on the PATH")
    process, printed = runs[name]
    print(printed)
    assert process.returncode == 0, printed
    assert re.search(r"^\d+ passed, 0 failed", printed, re.M)
    skipped = re.findall("^skipped: (.*)$", printed, re.M)
    if skipped:
        pytest.skip("; ".join(skipped))
