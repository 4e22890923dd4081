# SPDX-License-Identifier: Apache-2.0
"""API keys: who is let in, who is not, and keys that are replaced while the server runs."""

import signal
import time

import openai
import pytest
from sending import wait_for_log
OPEN = ["/livez", "/readyz", "/health", "/ping", "/metrics", "/openapi.json", "/api-doc/openapi.json", "/", "/docs", "/guide/moving"]
CLOSED = ["/v1/models", "/v1/models/x", "/info"]
EXPIRED = "2020-02-29T23:59:59Z"
LATER = "2999-12-31T23:59:59Z"


def bearing(key):
    return {"Authorization": f"Bearer {key}"}


def embed_with(server, key):
    headers = bearing(key) if key else {}
    return server.post("/v1/embeddings", {"input": "a"}, headers)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "keys"
    path.write_text(f"# of the shop\nsk-file\nsk-later {LATER}\nsk-expired {EXPIRED}\n")
    return path


@pytest.fixture(scope="module")
def locked(servers, model, key_file):
    return servers(model, "--api-key", "sk-option", "--api-key-file", key_file)


@pytest.mark.parametrize("key", ["sk-option", "sk-file", "sk-later"])
def test_each_key_opens(locked, key):
    assert embed_with(locked, key).status == 200
    assert locked.get("/info", headers=bearing(key)).status == 200


@pytest.mark.parametrize(
    "key, words",
    [
        (None, ["Authorization", "Bearer"]),
        ("sk-other", ["not a valid"]),
        ("sk-optio", ["not a valid"]),
        ("sk-option2", ["not a valid"]),
        ("sk-expired", ["expired"]),
        ("x" * 5000, ["not a valid"]),
    ],
    ids=lambda value: str(value)[:12],
)
def test_other_keys_do_not(locked, key, words):
    for path, body in (
        ("/v1/embeddings", {"input": "a"}),
        ("/v1/similarity", {"input": ["a", "b"]}),
    ):
        reply = locked.post(path, body, bearing(key) if key else {})
        assert reply.status == 401 and reply.headers["WWW-Authenticate"] == "Bearer"
        error = reply.json()["error"]
        assert error["type"] == "authentication_error" and error["code"] == "invalid_api_key"
        assert error["param"] is None
        assert all(word in error["message"] for word in words)
    reply = locked.post("/tokenize", {"inputs": "a"}, bearing(key) if key else {})
    assert reply.status == 401 and set(reply.json()) == {"error", "error_type"}


def test_what_needs_no_key(locked):
    for path in OPEN:
        assert locked.get(path).status == 200, path
    for path in CLOSED:
        assert locked.get(path).status == 401, path
    assert locked.get("/nowhere").status == 404
    assert locked.get("/v1/embeddings").status == 405


def test_refusals_are_counted(locked):
    series = 'nestd_requests_rejected_total{reason="invalid_api_key"}'
    before = locked.metric(series)
    assert embed_with(locked, "sk-other").status == 401
    assert locked.metric(series) == before + 1


def test_the_official_client_understands(locked):
    address = f"http://127.0.0.1:{locked.port}/v1"
    assert openai.OpenAI(base_url=address, api_key="sk-file").models.list().data
    with pytest.raises(openai.AuthenticationError) as caught:
        openai.OpenAI(base_url=address, api_key="sk-other").models.list()
    assert caught.value.code == "invalid_api_key"


def test_keys_are_replaced_while_the_server_runs(start, model, tmp_path):
    path = tmp_path / "keys"
    path.write_text("sk-old\n")
    server = start(model, "--api-key-file", path).wait_ready()
    assert embed_with(server, "sk-old").status == 200
    path.write_text("sk-new\nsk-newer\n")
    assert embed_with(server, "sk-new").status == 401
    server.signal(signal.SIGHUP)
    wait_for_log(server, "2 API keys")
    assert embed_with(server, "sk-old").status == 401
    assert embed_with(server, "sk-new").status == 200

    path.write_text("sk-newest\nsk-broken tomorrow\n")
    server.signal(signal.SIGHUP)
    wait_for_log(server, "stay in force")
    assert f"{path}:2:" in server.log_text()
    assert embed_with(server, "sk-newest").status == 401
    assert embed_with(server, "sk-newer").status == 200


def test_sighup_before_the_model_is_loaded(start, slow_model, tmp_path):
    path = tmp_path / "keys"
    path.write_text("sk-old\n")
    server = start(slow_model, "--api-key-file", path).wait_listening()
    path.write_text("sk-new\n")
    server.signal(signal.SIGHUP)
    server.wait_ready()
    assert embed_with(server, "sk-old").status == 401


def test_sighup_does_not_end_the_drain_delay(start, model, key_file):
    server = start(model, "--drain-delay", "2", "--api-key-file", key_file).wait_ready()
    began = time.monotonic()
    server.signal()
    time.sleep(0.2)
    server.signal(signal.SIGHUP)
    assert server.wait() == 0
    assert time.monotonic() - began > 1.9


def test_keys_are_not_in_the_log(start, model, key_file):
    server = start(
        model, "--log-level", "debug", "--api-key", "sk-option", "--api-key-file", key_file
    ).wait_ready()
    for key in ("sk-option", "sk-expired", "sk-other"):
        embed_with(server, key)
    server.stop()
    assert "sk-" not in server.log_text()


def test_start_needs_good_keys(start, model, tmp_path):
    path = tmp_path / "keys"
    for text, word in (("# nobody\n", "at least one key"), ("sk-a b\n", ":1:"), ("sk-a\nsk-a\n", ":2:")):
        path.write_text(text)
        server = start(model, "--api-key-file", path)
        assert server.wait() == 1
        assert str(path) in server.log_text() and word in server.log_text()
        assert "sk-a" not in server.log_text()
    server = start(model, "--api-key-file", tmp_path / "nowhere")
    assert server.wait() == 1 and "nowhere" in server.log_text()
    server = start(model, "--api-key", "sk a")
    assert server.wait() == 1 and "--api-key" in server.log_text()
