# SPDX-License-Identifier: Apache-2.0
"""What a browser asks and needs to be told before a page of another origin may read a reply, by
the Fetch standard."""

import json

import pytest

from harness import read_reply, run_to_end

PAGE = "https://app.example"
EXPOSED = {"x-request-id", "server-timing", "retry-after", "retry-after-ms", "x-truncated-inputs"}


@pytest.fixture(scope="module")
def open_server(servers, model):
    return servers(model, "--cors-allow-origin", f"{PAGE},http://localhost:3000")


def names(reply, header):
    return {name.strip().lower() for name in (reply.headers.get(header) or "").split(",")} - {""}


def cors_headers(reply):
    return [name for name in reply.headers if name.lower().startswith("access-control-")]


def preflight(server, path, method, headers, origin=PAGE):
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    return server.request("OPTIONS", path, headers=asked)


@pytest.mark.parametrize(
    "path, method", [("/v1/embeddings", "POST"), ("/similarity", "POST"), ("/v1/models", "GET")]
)
def test_preflight_allows_keys_and_json(open_server, path, method):
    reply = preflight(open_server, path, method, "authorization,content-type,x-stainless-os")
    assert reply.status == 204 and reply.body == b"", reply
    assert reply.headers["Access-Control-Allow-Origin"] == PAGE
    assert method.lower() in names(reply, "Access-Control-Allow-Methods")
    # The star stands for every other name, but never for Authorization.
    assert names(reply, "Access-Control-Allow-Headers") >= {"authorization", "content-type", "*"}
    assert "origin" in names(reply, "Vary")
    assert int(reply.headers["Access-Control-Max-Age"]) > 0
    assert "options" in names(reply, "Allow")


def test_preflight_of_another_page_is_given_nothing(open_server):
    reply = preflight(
        open_server, "/v1/embeddings", "POST", "content-type", "https://other.example"
    )
    assert reply.status == 204 and not cors_headers(reply), reply
    assert "origin" in names(reply, "Vary")


def test_preflight_of_an_unknown_path_is_404(open_server):
    assert preflight(open_server, "/nowhere", "POST", "content-type").status == 404


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("POST", "/v1/embeddings", {"input": "a"}, 200),
        ("POST", "/v1/embeddings", {"input": ""}, 400),
        ("POST", "/tokenize", {"inputs": 1}, 422),
        ("GET", "/livez", None, 200),
        ("HEAD", "/livez", None, 200),
        ("GET", "/nowhere", None, 404),
        ("PUT", "/livez", None, 405),
    ],
)
@pytest.mark.parametrize("origin", [PAGE, "https://other.example", None])
def test_every_reply_tells_the_page_that_may_read_it(
    open_server, method, path, body, status, origin
):
    headers = {"Content-Type": "application/json", **({"Origin": origin} if origin else {})}
    body = None if body is None else json.dumps(body)
    reply = open_server.request(method, path, body, headers)
    assert reply.status == status, reply
    assert "origin" in names(reply, "Vary")
    if origin == PAGE:
        assert reply.headers.get_all("Access-Control-Allow-Origin") == [PAGE]
        assert names(reply, "Access-Control-Expose-Headers") == EXPOSED
    else:
        assert not cors_headers(reply), reply


def test_refusal_in_the_middle_of_a_body_tells_it_too(start, model):
    """That reply is not libmicrohttpd's."""
    server = start(model, "--payload-limit", "1KiB", "--cors-allow-origin", "*").wait_ready()
    with server.connect() as connection:
        connection.sendall(
            b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nOrigin: https://any.example\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n800\r\n" + b" " * 2048 + b"\r\n"
        )
        reply = read_reply(connection)
    assert reply.status == 413, reply
    assert reply.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    assert names(reply, "Access-Control-Expose-Headers") == EXPOSED


def test_star_allows_every_page(start, model):
    server = start(model, "--cors-allow-origin", "*").wait_listening()
    for origin in (PAGE, "null", "http://[::1]:1"):
        reply = server.get("/livez", headers={"Origin": origin})
        assert reply.headers["Access-Control-Allow-Origin"] == "*", reply
        assert "Access-Control-Allow-Credentials" not in reply.headers


def test_without_the_option_there_are_no_headers(server):
    for reply in (
        server.get("/livez", headers={"Origin": PAGE}),
        server.post("/v1/embeddings", {"input": "a"}, {"Origin": PAGE}),
        preflight(server, "/v1/embeddings", "POST", "content-type"),
    ):
        assert not cors_headers(reply) and "Vary" not in reply.headers, reply
    assert reply.status == 405 and reply.headers["Allow"] == "POST", reply


@pytest.mark.parametrize("origin", ["app.example", "https://app.example/", "https://App.example"])
def test_what_is_no_origin_is_refused_at_start(binary, model, origin):
    done = run_to_end(binary, "--model-id", model, "--cors-allow-origin", origin)
    assert done.returncode == 2
    assert "--cors-allow-origin" in done.stderr and origin in done.stderr
