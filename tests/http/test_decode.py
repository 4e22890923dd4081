# SPDX-License-Identifier: Apache-2.0
"""POST /decode in TEI's shape, against the official tokenizer."""

import pytest

TEXTS = [
    "Hello, World!",
    "I'm sure they don't, do not, won't; it's what we've said - you're right?",
    "unbelievable embeddings . . . ' quoted ' !",
    "Ação à vista",
    "東京 is Tokyo",
    "literal [MASK] here",
]


def decode(server, ids, **fields):
    reply = server.post("/decode", {"ids": ids, **fields})
    assert reply.status == 200, reply
    return reply.json()


@pytest.mark.parametrize("skip", [True, False])
def test_texts_come_back_as_the_official_tokenizer_gives_them(server, tokenizer, skip):
    ids = [tokenizer.encode(text).ids for text in TEXTS]
    expected = [tokenizer.decode(some, skip_special_tokens=skip) for some in ids]
    assert decode(server, ids, skip_special_tokens=skip) == expected


@pytest.mark.parametrize("skip", [True, False])
def test_random_ids_as_the_official_tokenizer_decodes_them(server, tokenizer, rng, skip):
    n = tokenizer.get_vocab_size()
    ids = [rng.choices(range(n), k=rng.choice((1, 2, 5, 40))) for _ in range(2000)]
    ids += [rng.choices(range(100, 1100), k=20) for _ in range(40)]  # marks, letters, [CLS] ...
    for i in range(0, len(ids), 500):
        some = ids[i : i + 500]
        expected = tokenizer.decode_batch(some, skip_special_tokens=skip)
        assert decode(server, some, skip_special_tokens=skip) == expected


def test_every_token_alone_and_behind_another(server, tokenizer):
    n = tokenizer.get_vocab_size()
    for ids in ([[i] for i in range(n)], [[7592, i] for i in range(n)]):
        for i in range(0, n, 2000):
            some = ids[i : i + 2000]
            assert decode(server, some) == tokenizer.decode_batch(some, skip_special_tokens=True)


def test_one_list_is_one_text_and_special_tokens_are_left_out_as_a_rule(server):
    assert decode(server, [101, 7592, 1010, 2088, 102]) == ["hello, world"]
    assert decode(server, [101, 7592, 102], skip_special_tokens=None) == ["hello"]
    assert decode(server, [101, 102]) == [""]


def test_tokenize_and_decode_go_together(server):
    tokens = server.post("/tokenize", {"inputs": "what is deep learning"}).json()[0]
    assert decode(server, [token["id"] for token in tokens]) == ["what is deep learning"]
