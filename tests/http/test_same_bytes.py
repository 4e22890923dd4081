# SPDX-License-Identifier: Apache-2.0
"""Promise 1: same text, same bytes, whatever it is batched with, on however many threads, under any
budget of a pass, in every number format, encoded anew or kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import native_dtypes

DTYPES = ["float32", *native_dtypes()]
NO_CACHE = ("--cache-size", "0")
N_TEXTS = 60
MOST_TOKENS = 600  # of a text as sent; the server cuts it to the model's maximum
CONFIGURATIONS = [
    ("--threads", "1"),
    ("--threads", "2"),
    ("--threads", "2", "--max-batch-tokens", "64"),
    ("--threads", "1", "--max-batch-tokens", "4096"),
    ("--threads", "2", "--max-batch-tokens", "1"),
    *(("--threads", "2", "--tune", way) for way in ("off", "block", "product", "panels", "rows")),
]


def marked(configurations):
    """What the sanitizers look for is found with one of them: the bytes are compared without."""
    return [pytest.param(one, marks=() if "64" in one else pytest.mark.slow) for one in configurations]


def random_texts(rng, tokenizer):
    """Of 1 to 600 tokens, short ones as often as long ones."""
    words = sorted(word for word in tokenizer.get_vocab() if word.isalnum())
    lengths = [1, 2, 253, 254, 255, MOST_TOKENS] + [
        int(MOST_TOKENS ** rng.random()) for _ in range(N_TEXTS - 6)
    ]
    return [" ".join(rng.choices(words, k=length)) for length in lengths]


def encode_alone(server, texts):
    return [
        server.embed(input=text, encoding_format="base64")["data"][0]["embedding"] for text in texts
    ]


def encode_with_mates(server, texts, rng):
    """Every text in some request of random size beside random others, several requests at once."""
    order = list(range(len(texts))) * 2
    rng.shuffle(order)
    groups = []
    while order:
        n = rng.randint(1, 24)
        groups.append(order[:n])
        order = order[n:]

    def ask(group):
        reply = server.embed(input=[texts[i] for i in group], encoding_format="base64")
        return [(i, item["embedding"]) for i, item in zip(group, reply["data"])]

    with ThreadPoolExecutor(6) as pool:
        return [found for group in pool.map(ask, groups) for found in group]


@pytest.fixture(scope="module")
def texts(tokenizer, module_rng):
    return random_texts(module_rng, tokenizer)


@pytest.fixture(scope="module")
def alone(servers, model, texts):
    """By number format: each text by itself, on one worker."""
    known = {}

    def get(dtype):
        if dtype not in known:
            server = servers(model, "--dtype", dtype, *NO_CACHE, *CONFIGURATIONS[0])
            known[dtype] = encode_alone(server, texts)
        return known[dtype]

    return get


def check(server, texts, expected, rng):
    for i, found in enumerate(encode_alone(server, texts[:12])):
        assert found == expected[i], f"alone: text {i}: {texts[i]!r}"
    for i, found in encode_with_mates(server, texts, rng):
        assert found == expected[i], f"with others: text {i}: {texts[i]!r}"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", marked(CONFIGURATIONS), ids=" ".join)
def test_same_text_same_bytes(servers, model, texts, alone, rng, options, dtype):
    server = servers(model, "--dtype", dtype, *NO_CACHE, *options)
    check(server, texts, alone(dtype), rng)


@pytest.fixture(scope="module")
def large_model(tmp_path_factory):
    """A layer has so many weights that even in int8 its products are run apart."""
    make_random_model = pytest.importorskip("make_random_model")
    folder = tmp_path_factory.mktemp("large")
    shape = "--hidden 256 --layers 2 --heads 4 --intermediate 16640 --vocab 2000 --positions 200"
    make_random_model.make([str(folder), *shape.split(), "--normalize"])
    return folder


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
def test_same_text_same_bytes_with_large_weights(servers, large_model, rng, dtype):
    texts = [[rng.randrange(200, 2000) for _ in range(rng.randrange(1, 198))] for _ in range(40)]
    expected = encode_alone(
        servers(large_model, "--dtype", dtype, *NO_CACHE, *CONFIGURATIONS[0]), texts
    )
    for options in CONFIGURATIONS[1:]:
        check(servers(large_model, "--dtype", dtype, *NO_CACHE, *options), texts, expected, rng)


@pytest.mark.parametrize("dtype", DTYPES)
def test_kept_vectors_are_the_same_bytes(servers, model, texts, alone, rng, dtype):
    server = servers(model, "--dtype", dtype, "--cache-size", "40KiB")
    check(server, texts, alone(dtype), rng)
    assert server.metric("nestd_cache_hits_total") > 0
    assert server.metric("nestd_cache_misses_total") > len(texts)
