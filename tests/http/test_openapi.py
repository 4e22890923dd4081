# SPDX-License-Identifier: Apache-2.0
"""GET /openapi.json is valid OpenAPI 3.1, follows the options, and is what the server does."""

import os
import pathlib
import subprocess
import sys

import pytest

import make_random_model

HOOKS = pathlib.Path(__file__).with_name("openapi_hooks.py")
CONFIGURATION = HOOKS.with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Small, since thousands of requests are made, and with room for the texts that are made up."""
    folder = tmp_path_factory.mktemp("described") / "model"
    make_random_model.make(
        [str(folder), "--prompt", "query=q: ", "--matryoshka", "4,8,16", "--positions", "512"]
    )
    return folder


def describe(server):
    reply = server.get("/openapi.json")
    assert reply.status == 200 and reply.headers["Content-Type"] == "application/json", reply
    return reply.json()


@pytest.mark.parametrize(
    "options", [[], ["--matryoshka-dims", "2,3"], ["--api-key", "secret"]], ids=" ".join
)
def test_document_is_valid(servers, tiny, options):
    validator = pytest.importorskip("openapi_spec_validator")
    document = describe(servers(tiny, *options))
    assert document["openapi"].startswith("3.1.")
    validator.validate(document, cls=validator.OpenAPIV31SpecValidator)


def schema(document, name):
    return document["components"]["schemas"][name]


def test_document_follows_the_options(servers, tiny):
    document = describe(
        servers(
            tiny,
            *("--max-client-batch-size", "7", "--payload-limit", "54321", "--request-timeout", "9"),
            *("--max-request-tokens", "777", "--auto-truncate=false", "--matryoshka-dims", "2,3"),
            *("--served-model-name", "small", "--model-alias", "ada", "--api-key", "secret"),
        )
    )
    description = document["info"]["description"]
    for words in ("7 inputs", "777 tokens", "54321 bytes", "9 seconds"):
        assert words in description
    assert schema(document, "Texts")["anyOf"][1]["maxItems"] == 7
    assert schema(document, "Truncate")["default"] is False
    assert schema(document, "Dimensions")["enum"] == [2, 3, 16, "", None]
    assert schema(document, "ModelName")["anyOf"][0]["enum"] == ["small", "ada", "", None]
    assert schema(document, "PromptName")["enum"] == ["query", "", None]
    assert "54321" in document["components"]["responses"]["PayloadTooLarge"]["description"]
    assert document["security"] == [{"bearer": []}, {"xApiKey": []}, {"apiKey": []}]


def test_document_gives_the_default_models_limits(server):
    document = describe(server)
    assert schema(document, "Texts")["anyOf"][1]["maxItems"] == 2048
    dimensions = schema(document, "Dimensions")
    number = dimensions["anyOf"][0]
    assert (number["minimum"], number["maximum"], dimensions["default"]) == (1, 384, 384)
    assert "256 tokens" in schema(document, "Truncate")["description"]
    assert schema(document, "TokenIds")["items"]["maximum"] == 30521
    assert document["security"] == []


def examples(document):
    bodies = document["components"]["requestBodies"]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            body = operation.get("requestBody", {})
            body = bodies[body["$ref"].rsplit("/", 1)[1]] if "$ref" in body else body
            content = body.get("content", {}).get("application/json", {})
            if "example" in content:
                yield path, content["example"]
            for example in content.get("examples", {}).values():
                yield path, example["value"]


def test_examples_are_answered(server):
    found = list(examples(describe(server)))
    assert len(found) >= 5
    name = server.get("/v1/models").json()["data"][0]["id"]
    for path, body in found:
        path = path.replace("{deployment}", name)
        assert server.post(path, body).status == 200, (path, body)


@pytest.mark.long
@pytest.mark.parametrize(
    "key",
    [
        pytest.param(None, id="open"),
        pytest.param("secret", id="with a key", marks=pytest.mark.slow),
    ],
)
def test_server_does_what_the_document_says(servers, tiny, rng, tmp_path, key):
    """Schemathesis, all its checks: nothing unwritten comes, nothing valid is refused, nothing
    invalid is taken. Each time with another seed."""
    pytest.importorskip("schemathesis")
    options = ["--api-key", key] if key else []
    server = servers(tiny, "--max-client-batch-size", "8", *options)
    seed = rng.randrange(2**32)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"),
        f"http://127.0.0.1:{server.port}/openapi.json",
        *("--checks", "all", "--max-examples", "40", "--seed", str(seed), "--max-failures", "20"),
        *("--request-timeout", "30", "--no-color", "--suppress-health-check", "all"),
        *(["--header", f"Authorization: Bearer {key}"] if key else []),
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": HOOKS.stem, "PYTHONPATH": str(HOOKS.parent)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    # All but the document itself, which schemathesis leaves out.
    n_operations = sum(map(len, describe(server)["paths"].values()))
    assert f"Tested: {n_operations - 1}\n" in done.stdout, done.stdout
