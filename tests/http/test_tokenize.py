# SPDX-License-Identifier: Apache-2.0
"""POST /tokenize in TEI's shape, against the official tokenizer."""

import pytest

TEXTS = [
    "Hello, World!",
    "Ação à vista",
    "unbelievable",
    "a\u200bb",
    "literal [MASK] here",
    "東京 is Tokyo",
    "naïve\u0000 zero",
    "😀 ok",
]


def tokenize(server, **fields):
    reply = server.post("/tokenize", fields)
    assert reply.status == 200, reply
    return reply.json()


@pytest.mark.parametrize("special", [True, False])
def test_ids_are_the_official_ones(server, tokenizer, special):
    replied = tokenize(server, inputs=TEXTS, add_special_tokens=special)
    assert len(replied) == len(TEXTS)
    for text, tokens in zip(TEXTS, replied):
        assert [token["id"] for token in tokens] == tokenizer.encode(
            text, add_special_tokens=special
        ).ids, text


def test_special_tokens_are_added_as_a_rule(server):
    tokens = tokenize(server, inputs="hello")[0]
    assert [token["id"] for token in tokens] == [101, 7592, 102]
    assert [token["special"] for token in tokens] == [True, False, True]
    assert all(set(token) == {"id", "text", "special", "start", "stop"} for token in tokens)
    assert tokens[0]["start"] is None and tokens[0]["stop"] is None


def test_start_and_stop_are_bytes_of_the_text(server):
    text = "Ação é boa"
    tokens = [token for token in tokenize(server, inputs=text)[0] if not token["special"]]
    spans = [text.encode()[token["start"] : token["stop"]].decode() for token in tokens]
    assert "".join(spans) == text.replace(" ", "")
