#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker/bulk's programs for Spark and Ray, run on this machine with three replicas: once as they are, once while a worker, an
executor and a replica are killed. The rows must be those of a single server, bit for bit, in both.

    check_bulk.py --binary build/plain/server/nestd [--engine spark|ray] [--rows N]
    check_bulk.py --binary build/plain/server/nestd --engine spark --rows 1000000 --rate

--rate kills nothing: it compares the rate with what the replicas do for plain clients. That says something only on a machine with
cores to spare, since the engine shares it with the replicas. To be run by a Python that has
tests/docker/requirements.txt. Ends with "N passed, N failed"."""

import argparse
import base64
import multiprocessing
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).resolve().parent
BULK = HERE.parents[1] / "docker/bulk"
sys.path[:0] = [str(HERE.parent / "http"), str(HERE.parent / "models"), str(BULK)]

import make_random_model  # noqa: E402
import nestd_client  # noqa: E402
from harness import Server, stop_all  # noqa: E402

N_REPLICAS = 3
MODEL = ["--hidden", "64", "--heads", "4", "--layers", "6", "--intermediate", "256", "--positions", "64"]
WORDS = [f"{a}{b}" for a in ("ca", "do", "ri", "sto", "mu") for b in ("t", "g", "ver", "ne", "sic", "p")]
ENGINE_TIMEOUT_S = 1800
KILLED_BY_US = -signal.SIGKILL

# Where what it kills can be seen: a process that is at work, and what the engine says of its loss.
EXECUTOR = re.compile(r"CoarseGrainedExecutorBackend")
VICTIMS = {
    "spark": [
        ("a Python worker", re.compile(r"pyspark.daemon"), re.compile(r"Python worker exited unexpectedly|Lost task")),
        ("an executor", EXECUTOR, re.compile(r"Lost executor")),
    ],
    "ray": [("a worker", re.compile(r"^ray::.*embed"), re.compile(r"[Ww]orker (died|crashed)|unexpected system error"))],
}

passed = failed = 0


def check(what, is_true):
    global passed, failed
    passed += bool(is_true)
    failed += not is_true
    print(f"{'ok' if is_true else 'FAILED'}: {what}", flush=True)


def write_corpus(path, n_rows):
    rng = random.Random(1)
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(3, 24))) for _ in range(n_rows)]
    table = pyarrow.table({"id": [f"doc-{i:08}" for i in range(n_rows)], "text": texts})
    pyarrow.parquet.write_table(table, path, row_group_size=max(1, n_rows // 12))
    return table


def ask_single(server, corpus):
    """The vectors' bytes by one server alone."""
    found = []
    texts = corpus.column("text").to_pylist()
    for first in range(0, len(texts), 100):
        reply = server.embed(input=texts[first : first + 100], encoding_format="base64")
        found += [base64.b64decode(item["embedding"]) for item in reply["data"]]
    return found


# ---- running an engine ----


def command_of(engine, corpus, output, replicas, more=()):
    urls = [option for server in replicas for option in ("--url", f"http://127.0.0.1:{server.port}")]
    return [sys.executable, str(BULK / f"{engine}_embed.py"), "--input", str(corpus), "--output", str(output), *urls, *more]


def environment_of(engine, folder):
    """Two workers; Spark's in executors of their own."""
    spark = [
        "--master local-cluster[2,1,1024]",
        "--conf spark.ui.enabled=false",
        f"--conf spark.local.dir={folder}",
        f"--conf spark.driver.extraJavaOptions=-Djava.io.tmpdir={folder}",
    ]
    more = {
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": " ".join([*spark, "pyspark-shell"]),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder),
        "RAY_USAGE_STATS_ENABLED": "0",
        "PYTHONWARNINGS": "ignore",
    }
    return {**{name: value for name, value in os.environ.items() if name != "SPARK_HOME"}, **more}


def descendants(pid):
    """[(pid, command line)]"""
    children, lines = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            lines[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except (OSError, IndexError, ValueError):
            continue
        children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        waiting += below
        found += [(one, lines[one]) for one in below]
    return found


class Run:
    """An engine's program from its start to its end."""

    def __init__(self, engine, folder, command):
        self.log_path = folder / f"{engine}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=folder, env=environment_of(engine, folder), start_new_session=True
            )

    def find(self, pattern):
        """The youngest: of a worker and the daemon that forked it, the worker."""
        found = [pid for pid, line in descendants(self.process.pid) if pattern.search(line)]
        return max(found, default=None)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait(self):
        deadline = time.monotonic() + ENGINE_TIMEOUT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        return self.process.poll()

    def end(self):
        """Nothing of it may stay behind."""
        left = [pid for pid, _ in descendants(self.process.pid)]
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def n_texts(replicas):
    return sum(server.metric("nestd_texts_total") for server in replicas if server.process.poll() is None)


def wait_for_texts(run, replicas, n):
    deadline = time.monotonic() + ENGINE_TIMEOUT_S
    while n_texts(replicas) < n and run.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return run.process.poll() is None


def hold(replicas, number):
    for server in replicas:
        if server.process.poll() is None:
            server.signal(number)


def kill_some(engine, run, replicas, n_rows):
    """Meanwhile the replicas stand still, so that all whom it may hit are at work."""
    for name, pattern, _ in [*VICTIMS[engine], ("a replica", None, None)]:
        is_running = wait_for_texts(run, replicas, n_texts(replicas) + n_rows // 8)
        hold(replicas, signal.SIGSTOP)
        pid = run.find(pattern) if pattern else replicas[1].process.pid
        if is_running and pid:
            os.kill(pid, signal.SIGKILL)
        hold(replicas, signal.SIGCONT)
        check(f"{engine}: {name} was killed at work", is_running and pid)


def check_rows(name, output, corpus, expected):
    """Each file's rows in the order of the input, all rows once, each vector's bytes."""
    tables = [pyarrow.parquet.read_table(path) for path in sorted(output.glob("*.parquet"))]
    ids = [table.column("id").to_pylist() for table in tables]
    check(f"{name}: rows are in order", all(of_one == sorted(of_one) for of_one in ids))
    rows = pyarrow.concat_tables(tables).sort_by("id")
    check(f"{name}: every id is there once", rows.column("id").to_pylist() == corpus.column("id").to_pylist())
    vectors = rows.column("embedding").combine_chunks()
    check(f"{name}: vectors are of float32", vectors.type.value_type == pyarrow.float32())
    whole = b"".join(expected)
    check(f"{name}: every byte is a single server's", vectors.flatten().to_numpy().tobytes() == whole)


def run_engine(engine, arguments, folder, model, corpus, expected, is_harmed):
    name = f"{engine}, {'with losses' if is_harmed else 'clean'}"
    options = ["--threads", "1", "--cache-size", "0"]
    replicas = [Server(arguments.binary, model, *options) for _ in range(N_REPLICAS)]
    run = None
    began = time.monotonic()
    try:
        for server in replicas:
            server.wait_ready()
        more = {"spark": ["--partitions", "6"], "ray": ["--rows-per-task", str(max(64, arguments.rows // 6))]}[engine]
        output = folder / f"{engine}-{is_harmed}"
        run = Run(engine, folder, command_of(engine, folder / "corpus.parquet", output, replicas, more))
        if is_harmed:
            kill_some(engine, run, replicas, arguments.rows)
        status = run.wait()
        log = run.log()
        check(f"{name}: it succeeds", status == 0)
        if status != 0:
            print("\n".join(log.splitlines()[-40:]))
            return
        if is_harmed:
            for victim, _, said in VICTIMS[engine]:
                check(f"{engine}: it noticed the loss of {victim}", said.search(log))
        check_rows(name, output, corpus, expected)
        print(f"  {name}: {time.monotonic() - began:.0f} s")
    finally:
        if run:
            run.end()
        stop_all(server for server in replicas if server.process.poll() != KILLED_BY_US)


def check_refusals(engine, arguments, folder, model):
    """A row that cannot be embedded ends the run, which names it."""
    server = Server(arguments.binary, model, "--threads", "1").wait_ready()
    run = None
    try:
        table = pyarrow.table({"id": [f"doc-{i}" for i in range(40)], "text": ["a cat"] * 39 + [None]})
        pyarrow.parquet.write_table(table, folder / "bad.parquet")
        run = Run(engine, folder, command_of(engine, folder / "bad.parquet", folder / f"{engine}-bad", [server]))
        check(f"{engine}: a row without a text ends the run", run.wait() not in (None, 0))
        check(f"{engine}: and is named", "row 'doc-39': expected a text, found None" in run.log())
    finally:
        if run:
            run.end()
        server.stop()


# ---- the rate ----


def load(urls, texts, until):
    settings = {"url": urls, "api_key": None, "model": None, "dimensions": None, "prompt_name": None}
    settings |= {"texts_per_request": 64, "requests": 8, "retries": 3, "timeout": 60}

    def batches():
        first = random.randrange(len(texts))
        while time.time() < until:
            first = (first + 64) % (len(texts) - 64)
            yield list(range(64)), texts[first : first + 64]

    for _ in nestd_client.Embedder(settings).embed_all(batches()):
        pass


def measure_plain_rate(replicas, texts, seconds):
    """Texts a second of all replicas together, of two plain clients."""
    urls = [f"http://127.0.0.1:{server.port}" for server in replicas]
    clients = [multiprocessing.Process(target=load, args=(urls, texts, time.time() + seconds)) for _ in range(2)]
    for client in clients:
        client.start()
    time.sleep(2)
    before, began = n_texts(replicas), time.monotonic()
    time.sleep(seconds - 4)
    rate = (n_texts(replicas) - before) / (time.monotonic() - began)
    for client in clients:
        client.join()
    return rate


def check_rate(engine, arguments, folder, model, corpus):
    options = ["--threads", "1", "--cache-size", "0"]
    replicas = [Server(arguments.binary, model, *options) for _ in range(N_REPLICAS)]
    run = None
    try:
        for server in replicas:
            server.wait_ready()
        texts = corpus.column("text").to_pylist()
        plain = [measure_plain_rate(replicas, texts, 24)]
        before, began = n_texts(replicas), time.monotonic()
        run = Run(engine, folder, command_of(engine, folder / "corpus.parquet", folder / "rate", replicas, arguments.option))
        wait_for_texts(run, replicas, before + 1)
        first = time.monotonic()
        wait_for_texts(run, replicas, before + arguments.rows)
        last = time.monotonic()
        check(f"{engine}: it succeeds", run.wait() == 0)
        whole = time.monotonic() - began
        plain.append(measure_plain_rate(replicas, texts, 24))
        rate = arguments.rows / (last - first)
        print(f"  plain clients before and after: {plain[0]:.0f} and {plain[1]:.0f} texts/s")
        print(f"  {engine}: {rate:.0f} texts/s from first to last; {whole:.0f} s in all, {first - began:.0f} before the first")
        check(f"{engine}: 90 % of the plain rate and more", rate >= 0.9 * sum(plain) / 2)
        n_rows = sum(pyarrow.parquet.read_metadata(path).num_rows for path in (folder / "rate").glob("*.parquet"))
        check(f"{engine}: every row is there", n_rows == arguments.rows)
    finally:
        if run:
            run.end()
        stop_all(replicas)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", required=True)
    p.add_argument("--engine", choices=VICTIMS, action="append")
    p.add_argument("--rows", type=int, default=3000)
    p.add_argument("--rate", action="store_true")
    p.add_argument("--option", action="append", default=[], help="for the engine's program, with --rate: --option=--requests=8")
    arguments = p.parse_args()
    arguments.binary = os.path.abspath(arguments.binary)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        model = folder / "model"
        vocabulary = folder / "words.txt"
        vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "a", "cat"]) + "\n")
        make_random_model.make([str(model), *MODEL, "--vocab-file", str(vocabulary)])
        corpus = write_corpus(folder / "corpus.parquet", arguments.rows)
        expected = None
        for engine in arguments.engine or VICTIMS:
            if arguments.rate:
                check_rate(engine, arguments, folder, model, corpus)
                continue
            if not expected:
                single = Server(arguments.binary, model).wait_ready()
                expected = ask_single(single, corpus)
                single.stop()
            for is_harmed in (False, True):
                run_engine(engine, arguments, folder, model, corpus, expected, is_harmed)
            check_refusals(engine, arguments, folder, model)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
