#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/bench/run's second half, inside its environment; see there."""

import argparse
import datetime
import functools
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import families
import nestd
import part_cores
import part_engine
import part_families
import part_http
import part_peers
from models import Model
from report import Table
from texts import Texts

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench"
PARTS = {
    "peers": ("Beside its peers", part_peers.run),
    "roof": ("Share of the roof", part_engine.roof),
    "families": ("Families", part_families.run),
    "http": ("Through HTTP", part_http.throughput),
    "latency": ("A lone text", part_engine.latency),
    "busy": ("A small request among large ones", part_http.busy),
    "linear": ("Linear cost", part_engine.linear),
    "ready": ("Ready after the start", part_http.ready),
    "cores": ("Few to all cores", part_cores.cores),
    "small-bulk": ("One request alone", part_cores.small_bulk),
    "even": ("How even a lone text's latency is", part_cores.even),
}
NAMES = ["minilm", "bge-small", "bge-base", "bge-large", *families.SHAPES]
DTYPES = ("float32", "bfloat16", "int8")


def words(allowed):
    def split(value):
        chosen = value.split(",")
        for word in chosen:
            if word not in allowed:
                raise argparse.ArgumentTypeError(f"{word}: not one of {', '.join(allowed)}")
        return chosen

    return split


def parse():
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description="Prints tables in Markdown."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--dtype", type=words(DTYPES), default=list(DTYPES), metavar="NAME,...")
    parser.add_argument("--model", type=words(NAMES), default=NAMES, metavar="NAME,...")
    parser.add_argument("--only", default="", metavar="WORD", help="peers whose name holds it")
    parser.add_argument("--cores", default="", metavar="N,...", help="to run on (all)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the time, rough figures")
    parser.add_argument(
        "--limit", type=float, default=0, metavar="S", help="cores, small-bulk, even: begin nothing later"
    )
    parser.add_argument("--json", default="", metavar="FILE", help="the tables go there too")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"{part}: not one of {', '.join(PARTS)}")
    return options


def read_not_installed():
    path = FOLDER / "not-installed"
    rows = [line.split("\t", 1) for line in path.read_text().splitlines()] if path.is_file() else []
    return dict(rows)


class Bench:
    """What every part needs to know."""

    def __init__(self, options):
        if options.cores:
            os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})
        self.n_cores = len(os.sched_getaffinity(0))
        self.options = options
        self.dtypes = options.dtype
        self.folder = FOLDER
        self.texts = Texts()
        self.not_installed = read_not_installed()
        self.n_rounds = 2 if options.quick else 5
        self.limit_s = 45  # of one model's rounds
        self.share = 0.1 if options.quick else 1
        self.machine = describe_machine(self.n_cores)
        self.has_bfloat16 = multiplies_bfloat16()
        self.models = {}
        self.end_s = time.monotonic() + options.limit if options.limit else float("inf")

    @functools.cached_property
    def refused(self):
        """{dtype: what nestd says to it}"""
        said = {}
        for dtype in self.dtypes:
            try:
                nestd.start(self.model("minilm").folder, dtype, 1).stop()
            except nestd.Refused as refused:
                said[dtype] = str(refused)
        return said

    @property
    def accepted(self):
        return [dtype for dtype in self.dtypes if dtype not in self.refused]

    def say(self, what):
        print(f"bench: {time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)

    def model_names(self, names):
        """Those that were asked for; minilm-512 goes with minilm."""
        return [name for name in names if name.removesuffix("-512") in self.options.model]

    def model(self, name):
        if name not in self.models:
            self.models[name] = Model(name)
        return self.models[name]

    def takes(self, contestant):
        """The reference always takes part."""
        return (
            self.options.only in contestant.name
            or contestant.name == "sentence-transformers float32"
        )

    def is_over(self):
        return time.monotonic() > self.end_s

    def seconds(self, seconds):
        return max(1, seconds / 10) if self.options.quick else seconds

    def count(self, n):
        return 1 if self.options.quick else n


def multiplies_bfloat16():
    """Whether the CPU does so natively. Emulated, it takes a peer many times float32's time."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(file.read().split())


def describe_machine(n_cores):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{n_cores} cores of {names[0] if names else platform.machine()}"


def describe_commit():
    told = ROOT / "commit"  # in an archive
    if told.is_file():
        return told.read_text().strip()
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or "no commit"


def main():
    options = parse()
    bench = Bench(options)
    command = " ".join(["tests/bench/run", *sys.argv[1:]])
    today = datetime.date.today().isoformat()
    print(f"`{command}`, {today}, {bench.machine}, {describe_commit()}")
    for dtype, said in bench.refused.items():
        print(f"\nnestd refuses --dtype {dtype}: {said}")
    figures = {"command": command, "date": today, "machine": bench.machine, "parts": {}}
    for part in options.parts or PARTS:
        title, run = PARTS[part]
        print(f"\n## {title}\n", flush=True)
        Table.made.clear()
        run(bench)
        figures["parts"][part] = [row for table in Table.made for row in table.figures()]
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
