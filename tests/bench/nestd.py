# SPDX-License-Identifier: Apache-2.0
"""The program under test, for every part of the benchmark."""

import functools
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench" / "release"
BINARY = BUILD / "server" / "nestd"
ENGINE = BUILD / "tests" / "bench" / "bench_engine"
HTTP = BUILD / "tests" / "bench" / "bench_http"

sys.path.insert(0, str(ROOT / "tests" / "http"))

from harness import Server  # noqa: E402


class Refused(Exception):
    """What the program said."""


@functools.cache
def no_cache():
    """Texts are sent again and again: each must be encoded again."""
    text = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    return ["--cache-size", "0"] if "--cache-size" in text else []


def last_word(log):
    """Its last line, but for the hint at --help."""
    lines = [line for line in log.splitlines() if line.strip() and "--help" not in line]
    return lines[-1].strip() if lines else ""


def start(folder, dtype, n_threads):
    """A server that is ready."""
    server = Server(BINARY, folder, "--dtype", dtype, "--threads", n_threads, *no_cache())
    try:
        return server.wait_ready()
    except AssertionError as error:
        if server.process.poll() is None:
            server.process.kill()
        raise Refused(last_word(server.log_text()) or str(error)) from None


def engine(folder, dtype, **options):
    """bench_engine's figures. groups=2 is --groups 2; products=True is --products."""
    command = [ENGINE, folder, "--dtype", dtype]
    for name, value in options.items():
        command += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Refused(last_word(done.stderr) or f"exit status {done.returncode}")
    return json.loads(done.stdout)


def load(port, bodies, **options):
    """A running bench_http; finish() has its figures."""
    command = [HTTP, str(port), str(bodies)]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process):
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError("bench_http failed")
    return json.loads(output)
