# SPDX-License-Identifier: Apache-2.0
"""Through HTTP: what it costs over the engine's own rate, what float text costs over base64, and
the wait of a small request while large ones are in flight. The client is bench_http, on the same
cores."""

import json
import statistics
import time

import nestd
from infinity import Infinity
from report import Table, percent

N_ABSTRACTS = 400  # of the texts that are posted
TEXTS_A_REQUEST = 32
BULK_TEXTS = 512
BULK_CLIENTS = 4


def write_bodies(path, texts, size, **fields):
    """As many requests as there are whole parts of that size."""
    parts = [texts[at : at + size] for at in range(0, len(texts) - size + 1, size)]
    path.write_text("".join(json.dumps({"input": part, **fields}) + "\n" for part in parts))
    return path


class Loads:
    """The requests of the throughput table, and how many tokens one has on average."""

    def __init__(self, bench, model, fields):
        texts = bench.texts.mixed(N_ABSTRACTS)
        self.lengths = model.lengths(texts)
        self.mean_tokens = statistics.mean(self.lengths)
        folder = bench.folder / "http"
        folder.mkdir(parents=True, exist_ok=True)

        def bodies(name, size, encoding):
            path = folder / f"{name}.jsonl"
            return write_bodies(path, texts, size, encoding_format=encoding, **fields)

        self.loads = {
            "32 texts, base64": (bodies("many-base64", TEXTS_A_REQUEST, "base64"), 4, 32),
            "32 texts, float": (bodies("many-float", TEXTS_A_REQUEST, "float"), 4, 32),
            "1 text, 32 connections": (bodies("one", 1, "base64"), 32, 1),
        }

    def rate(self, bench, port, name, path, meter):
        """Tokens a second: of meter() where there is one, which sees parts of requests too, else of
        the replies."""
        bodies, connections, n_texts = self.loads[name]
        seconds = bench.seconds(3) if meter else max(4, bench.seconds(8))
        load = nestd.load(port, bodies, path=path, connections=connections, seconds=seconds)
        metered = measure_meter(meter, seconds) if meter else None
        figures = nestd.finish(load)
        if figures["failures"]:
            raise nestd.Refused(f"{figures['failures']} requests failed")
        return metered or figures["replies"] * n_texts * self.mean_tokens / figures["seconds"]

    def medians(self, bench, port, path="/v1/embeddings", meter=None):
        """{load: tokens a second}, the loads in turn."""
        rates = {name: [] for name in self.loads}
        for _ in range(bench.count(3 if meter else 2)):
            for name in self.loads:
                rates[name].append(self.rate(bench, port, name, path, meter))
        return {name: statistics.median(values) for name, values in rates.items()}


def meter_of(server):
    """Tokens that nestd has encoded, pass by pass."""
    return lambda: server.metric("nestd_pass_tokens_sum")


def measure_meter(meter, seconds):
    """Tokens a second, over the seconds that bench_http counts."""
    time.sleep(1)
    start_s, start = time.monotonic(), meter()
    time.sleep(seconds - 0.1)
    return (meter() - start) / (time.monotonic() - start_s)


def throughput_of_nestd(bench, model, loads, dtype, table):
    own = nestd.engine(
        model.folder,
        dtype,
        tokens=",".join(map(str, loads.lengths)),
        workers=bench.n_cores,
        texts=256,
        slices=bench.count(3),
        seconds=bench.seconds(2),
    )["tokens_per_second"]
    server = nestd.start(model.folder, dtype, bench.n_cores)
    try:
        rates = loads.medians(bench, server.port, meter=meter_of(server))
    finally:
        server.stop()
    shares = [percent(rate / own) for rate in rates.values()]
    table.add(f"nestd {dtype}", own, *[x for pair in zip(rates.values(), shares) for x in pair])


def throughput_of_infinity(bench, model, table):
    server = Infinity(model.folder, bench.n_cores, 32, bench.folder / "http" / "infinity.log")
    try:
        loads = Loads(bench, model, {"model": server.name})
        rates = loads.medians(bench, server.port, "/embeddings")
    finally:
        server.stop()
    table.add("infinity float32", "-", *[x for rate in rates.values() for x in (rate, "-")])


def throughput(bench):
    model = bench.model("minilm")
    loads = Loads(bench, model, {})
    heads = [x for name in loads.loads for x in (name, "share")]
    table = Table("server", "engine alone", *heads)
    empty = ["-"] * (len(table.heads) - 2)
    for dtype in bench.accepted:
        bench.say(f"http: nestd {dtype}")
        try:
            throughput_of_nestd(bench, model, loads, dtype, table)
        except nestd.Refused as refused:
            table.add(f"nestd {dtype}", *empty, f"refused: {refused}")
    bench.say("http: infinity")
    try:
        throughput_of_infinity(bench, model, table)
    except (OSError, RuntimeError, nestd.Refused) as error:
        table.add("infinity float32", *empty, f"not run: {error}")
    print(f"{model.title}, tokens a second:\n\n{table.markdown()}")


# ---- a small request among large ones ----


def measure(bench, server, seconds, **loads):
    """({load: its figures}, tokens a second meanwhile); each load: (bodies, connections, pause in
    ms)"""
    running = {
        name: nestd.load(
            server.port, bodies, connections=connections, pause_ms=pause_ms, seconds=seconds
        )
        for name, (bodies, connections, pause_ms) in loads.items()
    }
    rate = measure_meter(meter_of(server), seconds)
    return {name: nestd.finish(load) for name, load in running.items()}, rate


def busy_row(bench, model, dtype, bulk, query, seconds, table):
    server = nestd.start(model.folder, dtype, bench.n_cores)
    bulk_load, query_load = (bulk, BULK_CLIENTS, 0), (query, 1, 5)
    try:
        idle, _ = measure(bench, server, seconds, query=query_load)
        _, alone = measure(bench, server, seconds, bulk=bulk_load)
        busy, both = measure(bench, server, seconds, query=query_load, bulk=bulk_load)
    finally:
        server.stop()
    before, after = idle["query"], busy["query"]
    table.add(
        model.title,
        dtype,
        before["p50_ms"],
        before["p99_ms"],
        after["p50_ms"],
        after["p99_ms"],
        after["p99_ms"] / before["p99_ms"] if before["p99_ms"] else "-",
        after["replies"],
        percent(1 - both / alone) if alone else "-",
        percent(after["replies"] * before["p50_ms"] / 1000 / seconds),
    )


def busy(bench):
    heads = ("model", "dtype", "idle p50, ms", "idle p99", "busy p50", "busy p99", "times idle p99")
    table = Table(*heads, "queries", "bulk loses", "queries alone")
    folder = bench.folder / "http"
    folder.mkdir(parents=True, exist_ok=True)
    query = write_bodies(folder / "query.jsonl", bench.texts.sentences[:500], 1)
    abstracts = bench.texts.abstracts
    # bge-large's are cut at 512 tokens: three abstracts have more
    long_texts = [" ".join(abstracts[i : i + 3]) for i in range(6 * BULK_TEXTS)]
    bulk = {
        "minilm": bench.texts.mixed(1000),
        "bge-large": long_texts,
    }
    for name in bench.model_names(tuple(bulk)):
        model = bench.model(name)
        bodies = write_bodies(
            folder / f"bulk-{name}.jsonl", bulk[name], BULK_TEXTS, encoding_format="base64"
        )
        seconds = bench.seconds(12 if name == "bge-large" else 6)
        for dtype in bench.accepted:
            bench.say(f"busy: {name} {dtype}")
            try:
                busy_row(bench, model, dtype, bodies, query, seconds, table)
            except nestd.Refused as refused:
                table.add(name, dtype, *["-"] * 7, f"refused: {refused}")
    print(table.markdown())
    print(
        f"\nA one-line query, 5 ms after the last one's reply, while {BULK_CLIENTS} clients keep "
        f"requests of {BULK_TEXTS} texts in flight (bge-large's of 512 tokens each). "
        "Queries alone: the share of the time that as many would take on an idle server."
    )


def ready(bench):
    """From the start of the program until it is ready; the files are in the page cache."""
    table = Table("model", "dtype", "ready after, s")
    for name in bench.model_names(("minilm", "bge-large")):
        model = bench.model(name)
        for dtype in bench.accepted:
            bench.say(f"ready: {name} {dtype}")
            seconds = []
            try:
                for _ in range(1 + bench.count(3)):  # the first one warms the cache
                    start = time.monotonic()
                    server = nestd.start(model.folder, dtype, bench.n_cores)
                    seconds.append(time.monotonic() - start)
                    server.stop()
            except nestd.Refused as refused:
                table.add(model.title, dtype, f"refused: {refused}")
                continue
            table.add(model.title, dtype, statistics.median(seconds[1:]))
    print(table.markdown())
