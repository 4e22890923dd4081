# SPDX-License-Identifier: Apache-2.0
"""GET /metrics is valid, whole from the start, and counts what happened."""

import re

import pytest

parser = pytest.importorskip("prometheus_client.parser")

# Series that tell of the process or the model are not zero before the first request.
NOT_ZERO = re.compile(
    r"(info|resident_memory|process_|workers$|_ready|start_time|_capacity|_limit)"
)


def families(server):
    reply = server.get("/metrics")
    assert reply.status == 200 and reply.headers["Content-Type"].startswith(
        "text/plain; version=0.0.4"
    )
    return list(parser.text_string_to_metric_families(reply.body.decode()))


def samples(server):
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in families(server)
        for s in family.samples
    }


@pytest.fixture(scope="module")
def fresh(binary, model):
    """A server that nobody else asks."""
    from harness import Server

    server = Server(binary, model).wait_ready()
    yield server
    server.stop()


def test_every_series_is_there_at_zero_before_the_first_request(start, model):
    server = start(model).wait_ready()
    before = samples(server)
    for (name, labels), value in before.items():
        asked = (
            dict(labels).get("route") in ("/readyz", "/metrics")
            or dict(labels).get("reason") == "loading"
        )
        assert value == 0 or NOT_ZERO.search(name) or asked, (name, labels, value)
    server.embed(input=["a", "b"])
    server.post("/v1/embeddings", {"input": ""})
    server.post("/v1/similarity", {"input": "a"})
    server.get("/nowhere")
    assert set(samples(server)) == set(before), "no series appears later"


def test_names_and_units(server):
    for family in families(server):
        assert family.name.startswith(("nestd_", "process_")), family.name
        assert family.documentation, family.name
        if family.type == "histogram":
            assert (
                family.name.endswith(("_seconds", "_bytes", "_tokens", "_texts"))
                or "per_" in family.name
            ), family.name
        names = {sample.name for sample in family.samples}
        assert family.type != "counter" or names == {family.name + "_total"}, names


def test_histograms_are_cumulative(server):
    server.embed(input=["one", "two three"])
    for family in families(server):
        if family.type != "histogram":
            continue
        rows = {}
        for sample in family.samples:
            labels = {k: v for k, v in sample.labels.items() if k != "le"}
            row = rows.setdefault(tuple(sorted(labels.items())), {"buckets": []})
            if sample.name.endswith("_bucket"):
                row["buckets"].append((float(sample.labels["le"]), sample.value))
            else:
                row[sample.name[len(family.name) :]] = sample.value
        for row in rows.values():
            counts = [count for _, count in sorted(row["buckets"])]
            assert counts == sorted(counts) and counts[-1] == row["_count"]
            assert sorted(row["buckets"])[-1][0] == float("inf")


def total(server, name, **labels):
    return sum(
        value
        for (series, have), value in samples(server).items()
        if series == name and labels.items() <= dict(have).items()
    )


def test_texts_tokens_and_truncations_are_counted(fresh):
    before = [
        total(fresh, name)
        for name in ("nestd_texts_total", "nestd_tokens_total", "nestd_truncated_texts_total")
    ]
    fresh.embed(input=["hello", "hello world", "hello " * 300])
    after = [
        total(fresh, name)
        for name in ("nestd_texts_total", "nestd_tokens_total", "nestd_truncated_texts_total")
    ]
    assert [b - a for a, b in zip(before, after)] == [3, 3 + 4 + 256, 1]


def test_requests_are_counted_by_route_and_status(fresh):
    def ask():
        return [
            total(fresh, "nestd_requests_total", route="/v1/embeddings", status=status)
            for status in ("200", "400")
        ]

    before = ask()
    fresh.embed(input="a")
    fresh.post("/v1/embeddings", {"input": ""})
    fresh.post("/v1/embeddings", {"input": 1})
    assert [b - a for a, b in zip(before, ask())] == [1, 2]
