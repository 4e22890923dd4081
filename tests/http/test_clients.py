# SPDX-License-Identifier: Apache-2.0
"""The official OpenAI clients, Python's and Node's, with nothing but base_url and api_key set. Both
ask for base64 by themselves."""

import asyncio
import json
import pathlib

import numpy as np
import openai
import pytest

from clients import run_node

TEXTS = [f"text {i}" + " more" * (i % 5) for i in range(2048)]
KEY = "sk-of-the-clients"


@pytest.fixture(scope="module")
def locked(servers, model):
    return servers(model, "--api-key", KEY)


@pytest.fixture(scope="module")
def as_float(server):
    """What a plain request gives."""

    def embed(texts):
        data = server.embed(input=texts, encoding_format="float")["data"]
        return [item["embedding"] for item in data]

    return embed


def base_url(server):
    return f"http://127.0.0.1:{server.port}/v1"


def assert_same_numbers(found, expected):
    """As float32: Python's client gives back doubles of the same values."""
    assert np.array_equal(np.float32(found), np.float32(expected))


@pytest.mark.parametrize("texts", [TEXTS[0], TEXTS], ids=["one", "2048"])
def test_python_client(locked, as_float, texts):
    client = openai.OpenAI(base_url=base_url(locked), api_key=KEY)
    model = client.models.list().data[0].id
    reply = client.embeddings.create(model=model, input=texts)
    assert [item.index for item in reply.data] == list(range(len(reply.data)))
    assert_same_numbers([item.embedding for item in reply.data], as_float(texts))
    assert reply.usage.prompt_tokens == reply.usage.total_tokens > 0


def test_async_python_client(locked, as_float):
    async def embed_at_once():
        async with openai.AsyncOpenAI(base_url=base_url(locked), api_key=KEY) as client:
            model = (await client.models.list()).data[0].id
            calls = [client.embeddings.create(model=model, input=text) for text in TEXTS[:50]]
            return [reply.data[0].embedding for reply in await asyncio.gather(*calls)]

    assert_same_numbers(asyncio.run(embed_at_once()), as_float(TEXTS[:50]))


NODE_ERRORS = [
    ("NotFoundError", 404, "model_not_found", "model", "invalid_request_error"),
    ("BadRequestError", 400, "invalid_value", "dimensions", "invalid_request_error"),
    ("AuthenticationError", 401, "invalid_api_key", None, "authentication_error"),
]


def test_node_client(locked, as_float, tmp_path):
    source = pathlib.Path(__file__).with_name("client.mjs").read_text()
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS))
    arguments = [base_url(locked), KEY, "texts.json"]
    found = json.loads(run_node("openai", source, tmp_path, *arguments))
    assert_same_numbers(found["one"], as_float(TEXTS[0]))
    assert_same_numbers(found["many"], as_float(TEXTS))
    names = ("name", "status", "code", "param", "type")
    assert [tuple(error[name] for name in names) for error in found["errors"]] == NODE_ERRORS
    for error, word in zip(found["errors"], ["text-embedding-3-small", "384", "key"]):
        assert word in error["message"] and "no body" not in error["message"]


# Azure's client: the deployment is in the path, the key in a header of its own.


def azure(server, **more):
    return openai.AzureOpenAI(
        azure_endpoint=f"http://127.0.0.1:{server.port}", api_key=KEY, api_version="2024-10-21", max_retries=0, **more
    )


@pytest.fixture(scope="module")
def deployed(servers, model):
    return servers(model, "--api-key", KEY, "--served-model-name", "minilm")


def as_azure_gives(client, name):
    return [item.embedding for item in client.embeddings.create(model=name, input=TEXTS[:9], dimensions=64).data]


def test_azure(deployed):
    plain = openai.OpenAI(base_url=base_url(deployed), api_key=KEY)
    expected = as_azure_gives(plain, "minilm")
    assert as_azure_gives(azure(deployed), "minilm") == expected
    # Where the client names the deployment, the body may name any model.
    assert as_azure_gives(azure(deployed, azure_deployment="minilm"), "text-embedding-3-small") == expected
    newer = openai.OpenAI(base_url=f"http://127.0.0.1:{deployed.port}/openai/v1/", api_key=KEY)
    assert as_azure_gives(newer, "minilm") == expected


def test_azure_refuses(deployed):
    with pytest.raises(openai.NotFoundError) as refusal:
        as_azure_gives(azure(deployed), "nobody's")
    assert refusal.value.code == "model_not_found" and "nobody's" in refusal.value.message
    wrong = openai.AzureOpenAI(
        azure_endpoint=f"http://127.0.0.1:{deployed.port}", api_key="sk-other", api_version="2024-10-21", max_retries=0
    )
    with pytest.raises(openai.AuthenticationError):
        as_azure_gives(wrong, "minilm")
    with pytest.raises(openai.NotFoundError) as refusal:
        azure(deployed).chat.completions.create(model="minilm", messages=[])
    assert refusal.value.code == "not_found" and "/openai/deployments/NAME/embeddings" in refusal.value.message


def test_models_without_a_version(server):
    assert server.get("/models").json() == server.get("/v1/models").json()
