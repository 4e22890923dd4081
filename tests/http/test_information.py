# SPDX-License-Identifier: Apache-2.0
"""What the server tells of itself: models, info, health, and the headers on every reply."""

import http.client
import os
import re
import time

import pytest

ROUTES = ["/v1/models", "/info", "/health", "/livez", "/readyz", "/metrics", "/openapi.json"]


@pytest.mark.parametrize("path", ROUTES)
def test_head_answers_where_get_does(server, path):
    get, head = server.get(path), server.request("HEAD", path)
    assert get.status == head.status == 200
    assert head.body == b"" and head.headers.get("Content-Type") == get.headers.get("Content-Type")


def test_models_are_listed(servers, model):
    server = servers(
        model,
        "--served-model-name",
        "minilm",
        "--model-alias",
        "text-embedding-3-small,text-embedding-ada-002",
    )
    listed = server.get("/v1/models").json()
    assert listed["object"] == "list" and listed["data"][0]["id"] == "minilm"
    assert all(item["object"] == "model" for item in listed["data"])
    one = server.get("/v1/models/minilm")
    assert one.status == 200 and one.json()["id"] == "minilm" and one.json()["object"] == "model"


def test_model_was_created_once(server):
    """When the server was started, whatever fraction of a second it is now."""
    deadline = time.monotonic() + 1.2
    found = set()
    while time.monotonic() < deadline:
        found.add(server.get("/v1/models").json()["data"][0]["created"])
        found.add(server.get("/v1/models/all-MiniLM-L6-v2-fp16").json()["created"])
    assert len(found) == 1
    assert 0 <= time.time() - found.pop() < 3600


def test_model_whose_name_has_slashes_is_found(server):
    name = server.get("/v1/models").json()["data"][0]["id"]
    assert server.get("/v1/models/" + name.replace("/", "%2F")).json()["id"] == name


# What TEI's own Info holds; a null stands for what there is none of.
TEI_INFO = {
    "model_id": str,
    "model_sha": None,
    "model_dtype": str,
    "served_model_name": str,
    "model_type": dict,
    "max_concurrent_requests": int,
    "max_input_length": int,
    "max_batch_tokens": int,
    "max_batch_requests": None,
    "max_client_batch_size": int,
    "auto_truncate": bool,
    "tokenization_workers": int,
    "version": str,
    "sha": None,
    "docker_label": None,
}


def test_info_has_every_field_of_teis(server, model):
    info = server.get("/info").json()
    for name, kind in TEI_INFO.items():
        assert info[name] is None if kind is None else type(info[name]) is kind, name
    assert info["model_id"] == info["served_model_name"] == os.path.basename(model)
    assert info["model_dtype"] in ("float32", "bfloat16")
    assert info["model_type"] == {"embedding": {"pooling": "mean"}}
    assert info["max_input_length"] == 256
    assert info["max_client_batch_size"] == 2048
    assert info["max_concurrent_requests"] == 512
    assert info["auto_truncate"] is True
    assert info["int8"] is None
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", info["version"])


def test_info_tells_how_much_one_request_may_hold(servers, model):
    """Hugging Face's chat-ui splits its texts by it, and sends 512 tokens a request if it is that."""
    assert servers(model).get("/info").json()["max_batch_tokens"] == 1 << 20
    server = servers(model, "--max-request-tokens", "600")
    assert server.get("/info").json()["max_batch_tokens"] == 600
    assert server.post("/embed", {"inputs": ["word " * 198] * 3}).status == 200
    assert server.post("/embed", {"inputs": ["word " * 199] * 3}).status == 422


@pytest.mark.parametrize("path", ["/v1/models", "/openapi.json", "/info", "/metrics"])
def test_nobody_is_told_where_the_model_lies(start, model, path):
    server = start(model + "/", "--model-alias", "ada").wait_ready()
    body = server.get(path).body.decode()
    assert os.path.dirname(model) not in body and os.path.basename(model) in body
    refusal = server.post("/v1/embeddings", {"input": "a", "model": "x"})
    assert refusal.status == 404 and os.path.dirname(model) not in refusal.body.decode()


@pytest.mark.parametrize("way, words", [("product", "by product, "), ("block", "by block, "), ("auto", "by ")])
def test_how_passes_are_cut_is_told(servers, model, way, words):
    server = servers(model, "--tune", way)
    told = server.get("/info").json()["passes"]
    assert told.startswith(words) and f" info    passes {told}\n" in server.log_text()


@pytest.mark.parametrize("mode, name", [("cls", "cls"), ("lasttoken", "last_token")])
def test_info_names_the_pooling_as_tei_does(servers, model, mode, name):
    info = servers(model, "--pooling", mode).get("/info").json()
    assert info["model_type"] == {"embedding": {"pooling": name}}


def test_health_has_no_body(server):
    reply = server.get("/health")
    assert (reply.status, reply.body) == (200, b"")


def test_request_id_is_the_clients_or_a_new_one(server):
    assert (
        server.post("/v1/embeddings", {"input": "a"}, {"x-request-id": "abc-123"}).headers[
            "x-request-id"
        ]
        == "abc-123"
    )
    assert (
        server.get("/livez", headers={"x-request-id": "x" * 128}).headers["x-request-id"]
        == "x" * 128
    )
    made = {server.get("/livez").headers["x-request-id"] for _ in range(20)}
    assert len(made) == 20 and all(made)


@pytest.mark.parametrize("bad", ["y" * 129, "tab\there", "caf\u00e9", ""])
def test_request_id_that_is_long_or_not_printable_is_replaced(server, bad):
    replied = server.get("/livez", headers={"x-request-id": bad}).headers["x-request-id"]
    assert replied and replied != bad and len(replied) <= 128


@pytest.mark.parametrize(
    "path, value",
    [
        ("/v1/embeddings", {"input": "timed once"}),
        ("/v1/similarity", {"input": "timed twice"}),
        ("/similarity", {"inputs": {"source_sentence": "timed", "sentences": ["thrice"]}}),
    ],
)
def test_server_timing_names_the_stages(server, path, value):
    timing = server.post(path, value).headers["Server-Timing"]
    found = re.fullmatch(
        r"tokenize;dur=([\d.]+), queue;dur=([\d.]+), encode;dur=([\d.]+), total;dur=([\d.]+)",
        timing,
    )
    assert found, timing
    tokenize, queue, encode, total = map(float, found.groups())
    assert 0 < encode <= total + 0.01 and tokenize + queue + encode <= total + 0.1


def test_keep_alive_serves_many_requests(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for _ in range(20):
        connection.request(
            "POST", "/v1/embeddings", b'{"input": "a"}', {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        assert response.status == 200
        response.read()
        socket = connection.sock
        connection.request("POST", "/v1/embeddings", b"{}", {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == 400
        response.read()
        assert connection.sock is socket, "an error does not cost the connection"
    connection.close()


def test_pipelined_requests_are_answered_in_order(server):
    body = b'{"input": "a"}'
    with server.connect() as connection:
        for i in range(5):
            last = b"Connection: close\r\n" if i == 4 else b""
            connection.sendall(
                b"POST /v1/embeddings HTTP/1.1\r\nHost: nestd\r\n"
                b"x-request-id: %d\r\n%sContent-Length: %d\r\n\r\n%s" % (i, last, len(body), body)
            )
        replies = connection.makefile("rb").read()
    assert re.findall(rb"^x-request-id: (\d+)", replies, re.M | re.I) == [
        b"0",
        b"1",
        b"2",
        b"3",
        b"4",
    ]
