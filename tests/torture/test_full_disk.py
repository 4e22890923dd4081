# SPDX-License-Identifier: Apache-2.0
"""A log that cannot be written: the server serves as ever, counts the lines that it loses, and goes on when there is room. What
fills up under the commands is in tests/commands/test_embed_files.py and test_evaluate.py, under a download in test_hub_download.py."""

import json

import pytest
from harness import Server, free_port
from torture.calls import TEXTS
from torture.limits import limited

make_random_model = pytest.importorskip("make_random_model")

LOST = "nestd_log_lines_lost_total"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("full") / "model"
    make_random_model.make([str(folder)])
    return folder


def use_until_lines_are_lost(server):
    expected = server.embed(input=TEXTS)["data"]
    for _ in range(2000):
        assert server.embed(input=TEXTS)["data"] == expected
        if server.metric(LOST) > 5:
            return
    raise AssertionError("no line was lost")


def test_it_serves_though_no_line_can_be_written(start, model):
    with open("/dev/full", "r+b", buffering=0) as full:
        server = start(model, port=free_port(), log=full).wait_ready()
        use_until_lines_are_lost(server)
        server.stop()


def test_it_serves_though_the_log_may_not_grow(binary, model, tmp_path):
    """The shell's limit, at which the system's usual answer is to end the process."""
    server = Server(limited(binary, tmp_path, "-f 4"), model).wait_ready()
    use_until_lines_are_lost(server)
    server.stop()


def test_a_log_goes_on_when_a_full_disk_has_room(start, model, disk):
    filler = disk / "filler"
    filler.write_bytes(bytes(48 << 10))
    with open(disk / "log", "w+b", buffering=0) as log:
        server = start(model, "--json-output", port=free_port(), log=log).wait_ready()
        use_until_lines_are_lost(server)
        filler.unlink()
        server.stop()
        lines = server.log
    (notice,) = [i for i, line in enumerate(lines) if "log lines were lost" in line]
    assert json.loads(lines[notice])["lines"] > 5
    whole = lines[: notice - 1] + lines[notice:]  # the one before it may have been cut off
    assert all(json.loads(line)["level"] in ("info", "warning") for line in whole)
    assert "every accepted request was answered" in lines[-1]
