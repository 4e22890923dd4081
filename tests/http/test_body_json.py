# SPDX-License-Identifier: Apache-2.0
"""What a body may hold beside the fields that a route reads: any JSON."""

import pytest

IGNORED = [
    "18446744073709551616",
    "1e400",
    "[[[-1e400]]]",
    '{"a": 1, "a": 2}',
    r'{"\u0000": 1}',
    "[" * 1000 + "]" * 1000,
]


def post(server, path, body):
    return server.request("POST", path, body, {"Content-Type": "application/json"})


@pytest.mark.parametrize("value", IGNORED, ids=lambda value: value[:12])
def test_unknown_fields_may_hold_anything(server, value):
    expected = server.embed(input="a")["data"]
    reply = post(server, "/v1/embeddings", f'{{"x": {value}, "input": "a"}}'.encode())
    assert reply.status == 200 and reply.json()["data"] == expected, reply
    reply = post(
        server,
        "/similarity",
        f'{{"inputs": {{"source_sentence": "a", "sentences": ["b"], "x": {value}}}, '
        f'"parameters": {{"x": {value}}}}}'.encode(),
    )
    assert reply.status == 200, reply


def test_byte_order_mark_is_skipped(server):
    assert post(server, "/v1/embeddings", b'\xef\xbb\xbf{"input": "a"}').status == 200
    assert post(server, "/v1/embeddings", b'\xef\xbb\xbf\xef\xbb\xbf{"input": "a"}').status == 400


def test_keys_that_hold_u0000_are_keys_like_others(server):
    reply = post(server, "/v1/embeddings", rb'{"input\u0000": 1, "\u0000": 2, "input": "a"}')
    assert reply.status == 200, reply


def test_fields_that_are_read_are_named_when_out_of_range(server):
    for value in ("18446744073709551616", "1e400"):
        body = f'{{"input": "a", "dimensions": {value}}}'.encode()
        reply = post(server, "/v1/embeddings", body)
        assert reply.status == 400 and reply.json()["error"]["param"] == "dimensions", reply


def test_what_is_malformed_is_told_by_place_and_in_words(server):
    reply = post(server, "/v1/embeddings", b'{"input": "a",\n "x": [1, 2,]}')
    assert reply.status == 400
    assert "line 2, column 13" in reply.json()["error"]["message"]
    assert "a value is expected" in reply.json()["error"]["message"]
