# SPDX-License-Identifier: Apache-2.0
"""What is made of many cores: throughput and a lone text's latency on 1, 2, 4 ... of them, how far its
slowest lie from its median, and one request that is alone on the machine. Peers are called in their
own process, nestd both so and over HTTP, its client on the same cores."""

import contextlib
import os
import pathlib
import statistics

import contestants
import nestd
import rounds
from part_http import Loads, meter_of, write_bodies
from report import Table

LONE_TOKENS = (16, 128)
REQUEST_TEXTS = (8, 32, 128)
LONE_CALLS = 40  # of a peer, for its p50 and p99
MODELS = ("minilm", "bge-base", "bge-large")


# ---- cores ----


def core_of(cpu):
    """What the hardware threads of one physical core have in common."""
    folder = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
    try:
        return tuple((folder / name).read_text() for name in ("physical_package_id", "core_id"))
    except OSError:
        return cpu


def one_a_core(cpus):
    """The CPUs, second hardware threads last."""
    first, second, seen = [], [], set()
    for cpu in sorted(cpus):
        (second if core_of(cpu) in seen else first).append(cpu)
        seen.add(core_of(cpu))
    return first + second


def core_counts(n_cores):
    """1, 2, 4 ... and all"""
    counts = [1]
    while counts[-1] * 2 < n_cores:
        counts.append(counts[-1] * 2)
    return counts + [n_cores] * (n_cores > 1)


@contextlib.contextmanager
def confined(n_cores):
    """What is started meanwhile runs on so many cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, one_a_core(before)[:n_cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# ---- who takes part ----


def peers(bench, name):
    fit = [c for c in contestants.ON_MANY_CORES if bench.takes(c) and name in c.models]
    return [c for c in fit if c.dtype != "bfloat16" or bench.has_bfloat16]


@contextlib.contextmanager
def loaded(bench, contestant, model, n_cores):
    """A peer in its process, or rounds.Failed."""
    folder = bench.folder / "cores" / model.name
    folder.mkdir(parents=True, exist_ok=True)
    told = model.for_peers(bench.texts, bench.share)
    with confined(n_cores):
        entry = rounds.Entry(contestant, told, n_cores, folder)
    try:
        yield entry, told
    finally:
        entry.process.close()


@contextlib.contextmanager
def served(model, dtype, n_cores):
    """A server, and its client's cores."""
    with confined(n_cores):
        server = nestd.start(model.folder, dtype, n_cores)
        try:
            yield server
        finally:
            server.stop()


def add_or_explain(bench, table, cells, measure):
    """A row of what measure() gives; or why there is none."""
    empty = ["-"] * (len(table.heads) - len(cells) - 1)
    if bench.is_over():
        table.add(*cells, *empty, "left out: the time is over")
        return
    bench.say(" ".join(map(str, cells)))
    try:
        table.add(*cells, *measure())
    except (nestd.Refused, rounds.Failed, RuntimeError, OSError) as error:
        table.add(*cells, *empty, f"not run: {' '.join(str(error).split())[:200]}")


def quantile(values, share):
    return sorted(values)[round(share * (len(values) - 1))]


def text_of(n_tokens):
    """With its two special tokens, in MiniLM's vocabulary."""
    return "the " * (n_tokens - 2)


# ---- few to all cores ----


def engine_on(bench, model, dtype, lengths, n_cores):
    def run(**options):
        with confined(n_cores):
            return nestd.engine(model.folder, dtype, workers=n_cores, slices=1, **options)

    tokens = ",".join(map(str, lengths))
    rate = run(tokens=tokens, texts=256, seconds=bench.seconds(2))["tokens_per_second"]
    cells = [rate]
    for n_tokens in LONE_TOKENS:
        lone = run(tokens=n_tokens, texts=1, groups=1, seconds=bench.seconds(1))
        cells += [lone["p50_ms"], lone["p99_ms"]]
    return cells


def server_on(bench, model, dtype, loads, n_cores):
    with served(model, dtype, n_cores) as server:
        meter = meter_of(server)
        cells = [loads.rate(bench, server.port, "32 texts, base64", "/v1/embeddings", meter)]
        for n_tokens in LONE_TOKENS:
            path = bench.folder / "http" / f"lone-{n_tokens}.jsonl"
            bodies = write_bodies(path, [text_of(n_tokens)], 1, encoding_format="base64")
            lone = nestd.finish(nestd.load(server.port, bodies, seconds=bench.seconds(1)))
            cells += [lone["p50_ms"], lone["p99_ms"]]
    return cells


def peer_on(bench, contestant, model, n_cores):
    with loaded(bench, contestant, model, n_cores) as (entry, told):
        entry.encode(told["texts"], entry.setting)
        seconds = [entry.encode(told["texts"], entry.setting) for _ in range(bench.count(3))]
        cells = [sum(model.lengths(told["texts"])) / statistics.median(seconds)]
        for n_tokens in LONE_TOKENS:
            entry.tune([text_of(n_tokens)])
            lone = [
                1000 * entry.encode([text_of(n_tokens)], entry.setting) for _ in range(LONE_CALLS)
            ]
            cells += [quantile(lone, 0.5), quantile(lone, 0.99)]
    return cells


def cores_of_model(bench, model, n_cores, table):
    loads = Loads(bench, model, {})
    for dtype in bench.accepted:
        for who, measure in (
            ("engine", lambda: engine_on(bench, model, dtype, loads.lengths, n_cores)),
            ("HTTP", lambda: server_on(bench, model, dtype, loads, n_cores)),
        ):
            cells = (model.title, n_cores, f"nestd {dtype}, {who}")
            add_or_explain(bench, table, cells, measure)
    for contestant in peers(bench, model.name):
        cells = (model.title, n_cores, contestant.name)
        add_or_explain(bench, table, cells, lambda: peer_on(bench, contestant, model, n_cores))


def cores(bench):
    heads = [f"{n} tokens, {of}, ms" for n in LONE_TOKENS for of in ("p50", "p99")]
    table = Table("model", "cores", "contestant", "mixed texts, tokens/s", *heads)
    # All cores first: where the time ends early, that is what was asked.
    for n_cores in reversed(core_counts(bench.n_cores)):
        for name in bench.model_names(MODELS):
            cores_of_model(bench, bench.model(name), n_cores, table)
    print(table.markdown())


# ---- how even a lone text's latency is ----


def lone_row(figures):
    if not figures["p50_ms"]:
        raise nestd.Refused("no request ended in the time")
    return [figures["p50_ms"], figures["p99_ms"], figures["p99_ms"] / figures["p50_ms"]]


def lone_of_engine(bench, model, dtype, n_tokens):
    return lone_row(
        nestd.engine(
            model.folder,
            dtype,
            tokens=n_tokens,
            texts=1,
            groups=1,
            workers=bench.n_cores,
            slices=1,
            seconds=bench.seconds(4),
        )
    )


def lone_of_server(bench, model, dtype, n_tokens):
    path = bench.folder / "http" / f"lone-{n_tokens}.jsonl"
    bodies = write_bodies(path, [text_of(n_tokens)], 1, encoding_format="base64")
    with served(model, dtype, bench.n_cores) as server:
        return lone_row(nestd.finish(nestd.load(server.port, bodies, seconds=bench.seconds(4))))


def even(bench):
    (bench.folder / "http").mkdir(parents=True, exist_ok=True)
    table = Table("model", "contestant", "tokens", "p50, ms", "p99, ms", "p99/p50")
    for name in bench.model_names(MODELS):
        model = bench.model(name)
        for dtype in bench.accepted:
            for n_tokens in LONE_TOKENS:
                for who, measure in (("engine", lone_of_engine), ("HTTP", lone_of_server)):
                    cells = (model.title, f"nestd {dtype}, {who}", n_tokens)
                    add_or_explain(
                        bench, table, cells, lambda: measure(bench, model, dtype, n_tokens)
                    )
    print(table.markdown())
    print("\nOne text after the other, nothing else on the machine.")


# ---- one request ----


def request_row(bench, model, texts, median_s):
    n_tokens = sum(model.lengths(texts))
    if not median_s:
        raise nestd.Refused("no request ended in the time")
    return [n_tokens, 1000 * median_s, n_tokens / median_s]


def engine_request(bench, model, dtype, texts):
    figures = nestd.engine(
        model.folder,
        dtype,
        tokens=",".join(map(str, model.lengths(texts))),
        texts=len(texts),
        groups=1,
        workers=bench.n_cores,
        slices=1,
        seconds=bench.seconds(2),
    )
    return request_row(bench, model, texts, figures["p50_ms"] / 1000)


def server_request(bench, model, dtype, texts):
    path = bench.folder / "http" / f"request-{len(texts)}.jsonl"
    bodies = write_bodies(path, texts, len(texts), encoding_format="base64")
    with served(model, dtype, bench.n_cores) as server:
        figures = nestd.finish(nestd.load(server.port, bodies, seconds=bench.seconds(2)))
    return request_row(bench, model, texts, figures["p50_ms"] / 1000)


def peer_request(bench, entry, model, texts):
    entry.tune(texts)
    seconds = [entry.encode(texts, entry.setting) for _ in range(bench.count(5))]
    return request_row(bench, model, texts, statistics.median(seconds))


def small_bulk_of_model(bench, model, table):
    requests = [bench.texts.mixed((n + 2) // 3)[:n] for n in REQUEST_TEXTS]
    for dtype in bench.accepted:
        for texts in requests:
            for who, measure in (("engine", engine_request), ("HTTP", server_request)):
                cells = (model.title, f"nestd {dtype}, {who}", len(texts))
                add_or_explain(bench, table, cells, lambda: measure(bench, model, dtype, texts))
    for contestant in peers(bench, model.name):
        if bench.is_over():
            add_or_explain(bench, table, (model.title, contestant.name, "-"), None)
            continue
        try:
            with loaded(bench, contestant, model, bench.n_cores) as (entry, _):
                for texts in requests:
                    cells = (model.title, contestant.name, len(texts))
                    add_or_explain(
                        bench, table, cells, lambda: peer_request(bench, entry, model, texts)
                    )
        except rounds.Failed as error:
            table.add(model.title, contestant.name, "-", "-", "-", f"not run: {str(error)[:200]}")


def small_bulk(bench):
    (bench.folder / "http").mkdir(parents=True, exist_ok=True)
    table = Table("model", "contestant", "texts", "tokens", "median, ms", "tokens/s")
    for name in bench.model_names(MODELS):
        small_bulk_of_model(bench, bench.model(name), table)
    print(table.markdown())
    print("\nOne request after the other, nothing else on the machine.")
