# SPDX-License-Identifier: Apache-2.0
"""A container that is resized while the server runs: workers follow the cores that are left."""

import os
import time

import pytest


def wait_for(server, series, value):
    deadline = time.monotonic() + 10
    while server.metric(series) != value:
        assert time.monotonic() < deadline, (series, server.metric(series))
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def needs_two_cores(server):
    """Two CPUs may be one core's threads, and a quota may leave one of many."""
    if server.metric("nestd_workers") < 2:
        pytest.skip("this CPU has no second_core")


def test_workers_without_a_core_rest(start, model):
    server = start(model, "--stall-timeout", "1", "--cache-size", "0").wait_ready()  # looked at four times a second
    n_workers = server.metric("nestd_workers")
    cpus = os.sched_getaffinity(server.process.pid)
    wait_for(server, "nestd_usable_cores", n_workers)
    expected = server.embed(input=["a", "b"])["data"]
    os.sched_setaffinity(server.process.pid, {min(cpus)})
    wait_for(server, "nestd_usable_cores", 1)
    wait_for(server, "nestd_workers_resting", n_workers - 1)
    assert server.embed(input=["a", "b"])["data"] == expected
    os.sched_setaffinity(server.process.pid, cpus)
    wait_for(server, "nestd_workers_resting", 0)
    assert server.embed(input=["a", "b"])["data"] == expected
    assert f"of {n_workers:.0f} workers {n_workers - 1:.0f} rest" in server.log_text()


def test_more_cores_than_at_the_start_are_told(start, model):
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    try:
        server = start(model, "--stall-timeout", "1")
    finally:
        os.sched_setaffinity(0, cpus)
    server.wait_ready()
    wait_for(server, "nestd_usable_cores", 1)
    os.sched_setaffinity(server.process.pid, cpus)
    deadline = time.monotonic() + 10
    while "restart to use all" not in server.log_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert server.metric("nestd_usable_cores") > 1 and server.metric("nestd_workers_resting") == 0
