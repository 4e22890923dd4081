# SPDX-License-Identifier: Apache-2.0
"""What the clients make of refusals: the exception that their documentation promises, with our words
in it, and retries that wait as told and succeed. Cohere's are in test_cohere.py, Node's in
test_clients.py."""

import contextlib
import itertools
import json
import pathlib
import re
import time

import openai
import pytest

import sending
from clients import run_python
from harness import read_reply

MODEL = "minilm"
KEY = "sk-of-the-errors"
OPTIONS = ["--served-model-name", MODEL, "--api-key", KEY]


@pytest.fixture(scope="module")
def locked(servers, model):
    return servers(model, *OPTIONS)


def connect(server, key=KEY, **more):
    return openai.OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key=key, **more)


MISTAKES = [
    ({"input": []}, openai.BadRequestError, "empty_input", "input"),
    ({"input": ["a", ""]}, openai.BadRequestError, "empty_input", "input"),
    ({"input": ["a"] * 2049}, openai.BadRequestError, "too_many_inputs", "input"),
    ({"input": [[101, 99999]]}, openai.BadRequestError, "invalid_token", "input"),
    ({"dimensions": 385}, openai.BadRequestError, "invalid_value", "dimensions"),
    ({"encoding_format": "hex"}, openai.BadRequestError, "invalid_value", "encoding_format"),
    ({"model": "text-embedding-3-small"}, openai.NotFoundError, "model_not_found", "model"),
    (
        {"input": "word " * 400, "extra_body": {"truncate": False}},
        openai.BadRequestError,
        "context_length_exceeded",
        "input",
    ),
]


@pytest.mark.parametrize("fields, kind, code, param", MISTAKES, ids=lambda value: str(value)[:30])
def test_mistake(locked, fields, kind, code, param):
    with pytest.raises(kind) as caught:
        connect(locked).embeddings.create(**{"model": MODEL, "input": "a", **fields})
    assert (caught.value.code, caught.value.param) == (code, param)
    assert caught.value.type == "invalid_request_error" and caught.value.request_id
    assert caught.value.body["message"] in str(caught.value), "what a user sees"


def test_clients_refused_together_come_back_at_different_times(start, model):
    server = start(model, "--max-concurrent-requests", "1").wait_ready()
    body = sending.BUSY
    with server.connect() as busy:
        head = sending.head({"path": "/v1/embeddings"}, f"Content-Length: {len(body)}")
        busy.sendall(head + body)
        sending.wait_for_busy(server)
        refusals = [server.post("/v1/embeddings", {"input": "a"}) for _ in range(12)]
        assert read_reply(busy).status == 200
    assert [refusal.status for refusal in refusals] == [429] * 12
    waits = [int(refusal.headers["retry-after-ms"]) for refusal in refusals]
    assert all(1000 <= wait <= 60000 for wait in waits) and len(set(waits)) > 6, waits
    for refusal, wait in zip(refusals, waits):
        assert abs(1000 * int(refusal.headers["Retry-After"]) - wait) <= 500


def test_wrong_key(locked):
    with pytest.raises(openai.AuthenticationError) as caught:
        connect(locked, key="sk-of-a-stranger").embeddings.create(model=MODEL, input="a")
    assert caught.value.code == "invalid_api_key"
    assert "sk-of-a-stranger" not in str(caught.value)


def test_body_over_the_limit(servers, model):
    """Python's client has no class of its own for 413."""
    server = servers(model, *OPTIONS, "--payload-limit", "100KiB")
    with pytest.raises(openai.APIStatusError) as caught:
        connect(server).embeddings.create(model=MODEL, input="a" * 200_000)
    assert (caught.value.status_code, caught.value.code) == (413, "payload_too_large")


@contextlib.contextmanager
def kept_busy(server):
    """One long request is being encoded, and is answered in the end."""
    head = sending.head(
        {"path": "/v1/embeddings", "headers": {"Authorization": f"Bearer {KEY}"}},
        f"Content-Length: {len(sending.BUSY)}",
    )
    with server.connect() as busy:
        busy.sendall(head + sending.BUSY)
        sending.wait_for_busy(server)
        yield
        assert read_reply(busy).status == 200


class Diary(list):
    """(time, status, retry-after-ms) of each reply that a client gets; OpenAI's goes by that header
    before Retry-After."""

    def note(self, reply):
        self.append((time.monotonic(), reply.status_code, reply.headers.get("retry-after-ms")))

    def client(self):
        return openai.DefaultHttpxClient(event_hooks={"response": [self.note]})

    def assert_waited_as_told(self, status):
        assert [found for _, found, _ in self] == [status] * (len(self) - 1) + [200]
        assert len(self) > 1, "never refused"
        for (before, _, wait_ms), (after, _, _) in itertools.pairwise(self):
            assert 1000 * (after - before) >= int(wait_ms) >= 1000


# Room for the request that is being encoded, and for no other of its size.
FULL = [["--max-concurrent-requests", "1"], ["--max-queue-tokens", "16384"]]


@pytest.mark.parametrize("full", FULL, ids=lambda options: options[0][2:])
def test_busy_server_is_a_rate_limit_until_a_retry_succeeds(start, model, full):
    tokens = ["--max-request-tokens", "16384"]
    server = start(model, *OPTIONS, *tokens, *full, "--threads", "1").wait_ready()
    others = [f"other {text}" for text in sending.long_texts(60)]  # the same would be shared
    fields = {"model": MODEL, "input": others}
    diary = Diary()
    with kept_busy(server):
        with pytest.raises(openai.RateLimitError) as caught:
            connect(server, max_retries=0).embeddings.create(**fields)
        assert caught.value.code == "overloaded"
        patient = connect(server, max_retries=10, http_client=diary.client())
        reply = patient.embeddings.create(**fields)
    assert len(reply.data) == 60
    diary.assert_waited_as_told(429)


def test_loading_server_is_a_server_error_until_a_retry_succeeds(start, slow_model):
    """Models are listed from the start, so what is tried is an encoding."""
    server = start(slow_model, *OPTIONS).wait_listening()
    fields = {"model": MODEL, "input": "a"}
    diary = Diary()
    with pytest.raises(openai.InternalServerError) as caught:
        connect(server, max_retries=0).embeddings.create(**fields)
    assert (caught.value.status_code, caught.value.code) == (503, "loading")
    patient = connect(server, max_retries=30, http_client=diary.client())
    assert len(patient.embeddings.create(**fields).data) == 1
    diary.assert_waited_as_told(503)


# huggingface_hub never tries again, and has one exception for all: with what the server said.

HUB_CLIENT = pathlib.Path(__file__).with_name("hub_client.py").read_text()


def ask_hub_client(server, folder, sentence="a", key=KEY):
    url = f"http://127.0.0.1:{server.port}/similarity"
    return json.loads(run_python("huggingface_hub", HUB_CLIENT, folder, url, key, sentence))


@pytest.mark.parametrize(
    "asked, status, words",
    [
        ({"sentence": ""}, 400, "empty"),
        ({"key": "sk-of-a-stranger"}, 401, "not a valid"),
        ({"sentence": "a" * 120_000}, 413, "payload"),
    ],
    ids=["empty", "key", "payload"],
)
def test_hub_client_shows_what_was_wrong(servers, model, tmp_path, asked, status, words):
    server = servers(model, *OPTIONS, "--payload-limit", "100KiB")
    found = ask_hub_client(server, tmp_path, **asked)
    assert found["status"] == status and re.search(words, found["message"], re.I), found


def test_hub_client_shows_that_the_server_is_busy(start, model, tmp_path):
    options = ["--max-concurrent-requests", "1", "--threads", "1"]
    server = start(model, *OPTIONS, *options).wait_ready()
    with kept_busy(server):
        found = ask_hub_client(server, tmp_path)
    assert found["status"] == 429 and "Retry after" in found["message"], found
    assert ask_hub_client(server, tmp_path)["scores"] == [pytest.approx(1)]
