# SPDX-License-Identifier: Apache-2.0
"""The file of the weights is cut short, or another takes its place, while the model is loaded and while it is served."""

import http.client
import os
import shutil
import time

import pytest

LOST = "the model's weights are gone"
TEXTS = ["a cat sat on the mat", "what a hat", "zebras are striped"]


@pytest.fixture
def folder(model, tmp_path):
    return shutil.copytree(model, tmp_path / "model")


def ask(server):
    """The reply, or None where the connection closes before its end."""
    try:
        return server.post("/embed", {"inputs": TEXTS})
    except (OSError, http.client.HTTPException):
        return None


def check_end(server):
    assert server.wait() == 1
    assert server.log_text().count(LOST) <= 2, "said by more than the threads that came upon it"
    assert LOST in server.log_text() or "model.safetensors" in server.log_text()


def test_weights_cut_short_in_place_end_the_server_with_a_word(start, folder):
    server = start(folder, "--cache-size", "0").wait_ready()
    expected = ask(server).body
    os.truncate(folder / "model.safetensors", 0)
    reply = ask(server)
    if reply is None:
        check_end(server)
    else:
        assert reply.body == expected


def test_weights_that_are_replaced_by_renaming_stay(start, folder):
    server = start(folder, "--cache-size", "0").wait_ready()
    expected = ask(server).body
    (folder / "new").write_bytes(b"another model")
    os.rename(folder / "new", folder / "model.safetensors")
    assert ask(server).body == expected


@pytest.mark.parametrize("share", [0, 0.3, 0.6, 0.9])
def test_weights_cut_short_while_they_are_loaded(start, folder, rng, share):
    """It comes up and serves, or says why not."""
    path = folder / "model.safetensors"
    server = start(folder, "--cache-size", "0")
    time.sleep(rng.uniform(0, 0.6))
    os.truncate(path, int(path.stat().st_size * share))
    if not server.comes_up() or ask(server) is None:
        check_end(server)
