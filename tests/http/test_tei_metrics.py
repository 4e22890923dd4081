# SPDX-License-Identifier: Apache-2.0
"""--tei-metrics: the names of the guide's table are those of a scrape, and their values those of a counted load."""

import re
import time

import pytest

import tiny_models

parser = pytest.importorskip("prometheus_client.parser")

TIMES = ["_duration", "_tokenization_duration", "_queue_duration", "_inference_duration"]
ERRORS = {"batch_size", "dropped", "inference", "model_type", "overloaded", "tokenization", "validation"}


def scrape(server):
    """{name: {labels: value}}, buckets apart, and {name: type}. The parser puts _total after a counter's name."""
    families = list(parser.text_string_to_metric_families(server.get("/metrics").body.decode()))
    values = {}
    for family in families:
        for sample in family.samples:
            if "le" not in sample.labels:
                name = sample.name.removesuffix("_total") if sample.name.startswith("te_") else sample.name
                values.setdefault(name, {})[tuple(sample.labels.values())] = sample.value
    return values, {family.name: family.type for family in families}


def settled(server, name, value):
    """A pass is counted when its worker is through with it, which may be after the reply."""
    deadline = time.monotonic() + 5
    while scrape(server)[0][name][()] != value and time.monotonic() < deadline:
        time.sleep(0.01)
    return scrape(server)[0]


def test_none_without_the_flag(server):
    assert b"te_request" not in server.get("/metrics").body


@pytest.fixture(scope="module")
def embedder(model, servers):
    return servers(model, "--tei-metrics", "--max-client-batch-size", "3", "--cache-size", "0")


def test_guide_lists_exactly_these(embedder):
    page = embedder.get("/guide/moving").body.decode()
    listed = re.findall(r"<td><code>(te_\w+)(?:\{\w+\})?</code></td>", page)
    found = [name for name in scrape(embedder)[1] if name.startswith("te_")]
    assert len(set(listed)) == len(listed) == 23 and set(found) == set(listed)


def test_counted_load(embedder, tokenizer):
    before, kinds = scrape(embedder)
    assert {kind for name, kind in kinds.items() if re.search("_count$|_success$|_failure$", name)} == {"counter"}
    assert set(before["te_request_failure"]) == {(err,) for err in ERRORS}
    assert all(value == 0 for name in before if name.startswith("te_") for value in before[name].values())
    texts = ["a", "a longer text", "hello " * 300]
    long = [len(tokenizer.encode(text).ids) for text in texts[:2]] + [256]
    for path, body, status in (
        ("/embed", {"inputs": texts}, 200),
        ("/v1/embeddings", {"input": texts[1]}, 200),
        ("/tokenize", {"inputs": texts}, 200),  # not counted: it encodes nothing
        ("/embed", {"inputs": ["a"] * 4}, 413),
        ("/embed", {"inputs": texts, "truncate": False}, 422),
        ("/rerank", {"query": "a", "texts": ["b"]}, 400),
        ("/embed_sparse", {"inputs": "a"}, 424),
        ("/embed", {"inputs": 7}, 422),
        ("/embed", {"inputs": ""}, 400),
    ):
        assert embedder.post(path, body).status == status
    found = settled(embedder, "te_batch_next_tokens_sum", sum(long) + long[1])
    assert found["te_request_count"] == {("single",): 7, ("batch",): 1}
    assert found["te_request_success"] == {("single",): 1, ("batch",): 1}
    failures = {err[0]: n for err, n in found["te_request_failure"].items() if n}
    assert failures == {"batch_size": 1, "tokenization": 1, "model_type": 2, "validation": 2}
    assert found["te_embed_count"][()] == found["te_embed_success"][()] == 4
    for name in ("te_request_input_length", "te_batch_next_tokens"):
        assert found[name + "_sum"][()] == sum(long) + long[1]
    assert found["te_request_input_length_count"][()] == found["te_batch_next_size_sum"][()] == 4
    assert found["te_queue_size"][()] == 0
    for part in TIMES:
        assert (found[f"te_request{part}_count"][()], found[f"te_embed{part}_count"][()]) == (2, 4)
        assert found[f"te_predict{part}_count"][()] == 0
        assert 0 < found[f"te_request{part}_sum"][()] < found[f"te_embed{part}_sum"][()] or part == "_queue_duration"
    for ours in ("text_tokens", "pass_texts", "pass_tokens"):
        name = {"text_tokens": "te_request_input_length", "pass_texts": "te_batch_next_size", "pass_tokens": "te_batch_next_tokens"}[ours]
        assert found[f"nestd_{ours}_sum"] == found[f"{name}_sum"] and found[f"nestd_{ours}_count"] == found[f"{name}_count"]


def test_cross_encoder_predicts(shared_data, start, tmp_path):
    server = start(tiny_models.make(shared_data, "rank-bert", tmp_path), "--tei-metrics").wait_ready()
    assert server.post("/rerank", {"query": "a", "texts": ["b", "c"]}).status == 200
    found = settled(server, "te_batch_next_size_sum", 2)
    assert found["te_predict_count"][()] == found["te_predict_success"][()] == 2 and found["te_embed_count"][()] == 0
    assert {found[f"te_predict{part}_count"][()] for part in TIMES} == {2}
    assert found["te_request_success"] == {("single",): 0, ("batch",): 1}
