# SPDX-License-Identifier: Apache-2.0
"""The official OpenAI clients, Python's and Node's, with nothing but base_url and api_key set. Both
ask for base64 by themselves. NODE_PATH is the folder in which npm's package openai lies."""

import json
import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

TEXTS = [f"text {i}" + " more" * (i % 5) for i in range(2048)]


def as_float(server, texts):
    return [
        item["embedding"] for item in server.embed(input=texts, encoding_format="float")["data"]
    ]


def float32(rows):
    """As float32: Python's client gives back doubles of the same values."""
    return np.array(rows, dtype=np.float32)


def assert_same_numbers(found, expected):
    assert (float32(found) == float32(expected)).all()


@pytest.mark.parametrize("texts", [TEXTS[0], TEXTS], ids=["one", "2048"])
def test_python_client(server, texts):
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key="unused")
    model = client.models.list().data[0].id
    reply = client.embeddings.create(model=model, input=texts)
    assert [item.index for item in reply.data] == list(range(len(reply.data)))
    assert_same_numbers([item.embedding for item in reply.data], as_float(server, texts))
    assert reply.usage.prompt_tokens == reply.usage.total_tokens > 0


def test_python_client_understands_errors(server):
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(
        base_url=f"http://127.0.0.1:{server.port}/v1", api_key="unused", max_retries=0
    )
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="text-embedding-3-small", input="a")
    assert caught.value.code == "model_not_found" and caught.value.param == "model"
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model=client.models.list().data[0].id, input=[])
    assert caught.value.code == "empty_input"


def test_node_client(server, tmp_path):
    if not shutil.which("node") or not os.path.isdir(
        os.path.join(os.environ.get("NODE_PATH", ""), "openai")
    ):
        pytest.skip("no node, or NODE_PATH does not hold npm's package openai")
    script = pathlib.Path(__file__).with_name("client.mjs")
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS))
    command = [
        "node",
        str(script),
        f"http://127.0.0.1:{server.port}/v1",
        str(tmp_path / "texts.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert_same_numbers(found["one"], as_float(server, TEXTS[0]))
    assert_same_numbers(found["many"], as_float(server, TEXTS))
    assert found["error"] == {
        "status": 404,
        "code": "model_not_found",
        "param": "model",
        "type": "invalid_request_error",
    }
