# SPDX-License-Identifier: Apache-2.0
"""POST /tokenize in TEI's shape, against the official tokenizer."""

import json

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


def test_added_tokens_have_the_vocabularys_text_and_the_others_their_own(server):
    assert tokenize(server, inputs="Ação [MASK]")[0] == [
        {"id": 101, "text": "[CLS]", "special": True, "start": None, "stop": None},
        {"id": 9353, "text": "Aç", "special": False, "start": 0, "stop": 3},
        {"id": 7113, "text": "ão", "special": False, "start": 3, "stop": 6},
        {"id": 103, "text": "[MASK]", "special": False, "start": 7, "stop": 13},
        {"id": 102, "text": "[SEP]", "special": True, "start": None, "stop": None},
    ]


def test_prompt_is_part_of_what_is_tokenized(servers, model_variant):
    prompts = json.dumps({"prompts": {"query": "query: "}})
    server = servers(model_variant({"config_sentence_transformers.json": prompts}))
    tokens = tokenize(server, inputs=["cat"], prompt_name="query")
    assert tokens == tokenize(server, inputs="query: cat")
    assert tokens[0][-2] == {"id": 4937, "text": "cat", "special": False, "start": 7, "stop": 10}
