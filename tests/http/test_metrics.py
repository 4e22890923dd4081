# SPDX-License-Identifier: Apache-2.0
"""GET /metrics is valid, whole from the start, and counts what happened."""

import calendar
import concurrent.futures
import os
import re
import resource
import shutil
import signal
import subprocess
import time

import pytest

parser = pytest.importorskip("prometheus_client.parser")

# Series that tell of the process or the model are not zero before the first request.
NOT_ZERO = re.compile(
    r"(info|process_|workers$|_ready|_limit|nestd_connections$|nestd_last_reload_|nestd_cpu_|_cores$)"
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


KEY = "sk-counted"
THREADS = 4
TIMES = 5  # each thread runs through the plan


def texts_of(i):
    """Distinct ones, of which the last is too long for the model."""
    return [f"text {i}", f"another text, number {i}", f"{i} " + "hello " * 300]


def plan(i):
    """(route, status, reason or None, texts, how to ask for it)"""

    def post(path, value, **headers):
        return lambda server: server.post(
            path, value, {"Authorization": f"Bearer {KEY}", **headers}
        )

    def get(method, path):
        return lambda server: server.request(
            method, path, headers={"Authorization": f"Bearer {KEY}"}
        )

    v1 = "/v1/embeddings"
    pair = {"source_sentence": f"source {i}", "sentences": [f"first of {i}", f"second of {i}"]}
    return [
        (v1, 200, None, texts_of(i), post(v1, {"input": texts_of(i)})),
        (
            "/similarity",
            200,
            None,
            [pair["source_sentence"], *pair["sentences"]],
            post("/similarity", {"inputs": pair}),
        ),
        (v1, 400, "empty_input", [], post(v1, {"input": ""})),
        (v1, 400, "bad_request", [], post(v1, {"input": 1})),
        (v1, 400, "invalid_value", [], post(v1, {"input": "a", "dimensions": 0})),
        (v1, 400, "too_long", [], post(v1, {"input": "hello " * 300, "truncate": False})),
        (v1, 401, "invalid_api_key", [], lambda server: server.post(v1, {"input": "a"})),
        (v1, 404, "model_not_found", [], post(v1, {"input": "a", "model": "none"})),
        (v1, 405, "method_not_allowed", [], get("GET", v1)),
        (v1, 413, "payload_too_large", [], post(v1, {"input": "a" * 9000})),
        (v1, 415, "unsupported_media_type", [], post(v1, {}, **{"Content-Type": "text/plain"})),
        ("/v1/models", 200, None, [], get("GET", "/v1/models")),
        ("/v1/models", 200, None, [], get("HEAD", "/v1/models")),
        ("/v1/models/", 404, "model_not_found", [], get("GET", f"/v1/models/none{i}")),
        ("/livez", 200, None, [], get("GET", "/livez")),
        ("other", 404, "not_found", [], get("GET", f"/nowhere{i}")),
    ]


def test_counters_agree_with_a_counted_load(start, model, tokenizer):
    server = start(model, "--api-key", KEY, "--payload-limit", "8KiB").wait_ready()
    plans = [row for i in range(THREADS * TIMES) for row in plan(i)]
    before = samples(server)

    def run(rows):
        for _, status, _, _, ask in rows:
            assert ask(server).status == status

    with concurrent.futures.ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(run, (plans[i::THREADS] for i in range(THREADS))))

    tokens = [min(len(tokenizer.encode(text).ids), 256) for row in plans for text in row[3]]
    answered = sum(bool(row[3]) for row in plans)
    expected = {}

    def expect(name, n, **labels):
        series = (name, tuple(sorted(labels.items())))
        expected[series] = expected.get(series, 0) + n

    for route, status, reason, _, _ in plans:
        expect("nestd_requests_total", 1, route=route, status=str(status))
        if reason:
            expect("nestd_requests_rejected_total", 1, reason=reason)
        if route in ("/v1/embeddings", "/similarity"):
            expect("nestd_request_duration_seconds_count", 1)
    expect("nestd_texts_total", len(tokens))
    expect("nestd_tokens_total", sum(tokens))
    expect("nestd_truncated_texts_total", THREADS * TIMES)
    expect("nestd_cache_misses_total", len(tokens))
    expect("nestd_pass_texts_sum", len(tokens))
    expect("nestd_pass_tokens_sum", sum(tokens))
    expect("nestd_text_tokens_count", len(tokens))
    expect("nestd_text_tokens_sum", sum(tokens))
    for name in ("tokenize", "queue", "encode"):
        expect(f"nestd_{name}_duration_seconds_count", answered)
    for bound in (4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 8192):
        below = sum(n <= bound for n in tokens)
        if below:
            expect("nestd_text_tokens_bucket", below, le=f"{bound}")
    expect("nestd_text_tokens_bucket", len(tokens), le="+Inf")

    # Times, and how texts were shared out among passes, are not ours to know.
    unknown = re.compile(
        r"_seconds_(sum|bucket)|_pass_(texts|tokens)_(bucket|count)|_bytes$|^nestd_(workers_busy|connections|backlog_seconds)$"
        r"|^process_|^nestd_cpu_"
    )

    def found():
        return {
            series: value - before[series]
            for series, value in samples(server).items()
            if value != before[series]
            and not unknown.search(series[0])
            and ("route", "/metrics") not in series[1]
        }

    # A pass is counted when its worker is through with it, which may be after the reply.
    deadline = time.monotonic() + 5
    while found() != expected and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found() == expected

    # Once more: the same texts are not encoded again.
    assert plan(0)[0][4](server).status == 200
    assert total(server, "nestd_cache_hits_total") == 3
    assert total(server, "nestd_pass_texts_sum") == len(tokens)
    assert total(server, "nestd_queue_tokens") == total(server, "nestd_requests_in_flight") == 0


def test_process_is_as_the_kernel_shows_it(server):
    pid = server.process.pid
    before_s = sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")
    found = {name: value for (name, labels), value in samples(server).items() if not labels}
    after_s = sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")
    assert before_s - 0.05 <= found["process_cpu_seconds_total"] <= after_s + 0.05
    assert found["process_max_fds"] == resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
    n_open = len(os.listdir(f"/proc/{pid}/fd"))
    assert n_open <= found["process_open_fds"] <= n_open + 2  # the connection that asked
    started_s = os.stat(f"/proc/{pid}").st_ctime
    assert abs(found["process_start_time_seconds"] - started_s) < 5


def test_limits_and_connections(start, model):
    limits = {
        "nestd_requests_in_flight_limit": ("--max-concurrent-requests", 7),
        "nestd_connections_limit": ("--max-connections", 9),
        "nestd_queue_tokens_limit": ("--max-queue-tokens", 1234),
    }
    server = start(model, *(word for option in limits.values() for word in option)).wait_ready()
    for name, (_, value) in limits.items():
        assert server.metric(name) == value
    assert server.metric("nestd_connections") == 1
    kept = [server.connect() for _ in range(3)]
    for connection in kept:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(4096)
    assert server.metric("nestd_connections") == 4
    for connection in kept:
        connection.close()


def test_backlog_tells_how_long_the_queue_takes(start, model):
    server = start(model, "--threads", "1", "--cache-size", "0").wait_ready()
    assert server.metric("nestd_backlog_seconds") == 0

    def texts(i):
        return [f"{i} {j} " + "some words to be encoded " * 12 for j in range(30)]

    deadline = time.monotonic() + 60
    server.embed(input=texts(0))  # the rate is measured
    while (measured_s := server.metric("nestd_encode_duration_seconds_sum")) == 0:
        assert time.monotonic() < deadline
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        reply = thread.submit(server.embed, input=texts(1))
        backlog_s = 0
        while backlog_s == 0 and not reply.done():
            backlog_s = server.metric("nestd_backlog_seconds")
        reply.result()
    # As many tokens as before, of which some passes may have been through. Not how long it takes now: other tests want the cores too.
    assert measured_s / 20 < backlog_s < measured_s * 4 + 0.2
    while server.metric("nestd_backlog_seconds") != 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_certificate_and_reloads(start, model, make_certificate, tmp_path):
    made = make_certificate("nestd-metrics")
    server = start(model, *made.options, trusted=made.certificate).wait_ready()
    end = subprocess.run(
        ["openssl", "x509", "-noout", "-enddate", "-in", made.certificate], capture_output=True, text=True, check=True
    ).stdout.strip()
    end_s = calendar.timegm(time.strptime(end, "notAfter=%b %d %H:%M:%S %Y GMT"))
    assert server.metric("nestd_certificate_end_timestamp_seconds") == end_s
    first_s = server.metric("nestd_last_reload_success_timestamp_seconds")
    assert abs(first_s - time.time()) < 60

    def reload(expected):
        server.signal(signal.SIGHUP)
        deadline = time.monotonic() + 5
        while server.metric("nestd_last_reload_successful") != expected:
            assert time.monotonic() < deadline, server.log_text()
            time.sleep(0.01)

    good = made.certificate.read_bytes()
    assert server.metric("nestd_last_reload_successful") == 1
    made.certificate.write_bytes(b"nothing")
    reload(0)
    assert server.metric("nestd_last_reload_success_timestamp_seconds") == first_s
    made.certificate.write_bytes(good)
    reload(1)
    assert server.metric("nestd_last_reload_success_timestamp_seconds") >= first_s


def test_promtool_has_no_complaint(start, model):
    """Before the first request, while loading too, and with a name that needs every escape."""
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool, of Debian's package prometheus, is not on the PATH")
    server = start(model, "--served-model-name", 'a "b" \\c').wait_listening()
    loading = server.get("/metrics").body
    server.wait_ready()
    ready = server.get("/metrics").body
    server.embed(input=["a", "b"])
    for text in (loading, ready, server.get("/metrics").body):
        done = subprocess.run(
            [promtool, "check", "metrics"], input=text, capture_output=True, timeout=60
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), done
    assert b'nestd_model_info{model="a \\"b\\" \\\\c",' in ready
