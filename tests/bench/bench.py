#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/bench/run's second half, inside its environment; see there."""

import datetime
import functools
import importlib
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import nestd
from arguments import PARTS, parse
from models import Model
from report import Table
from texts import Texts

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench"
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
        title, function = PARTS[part]
        module, name = function.split(".")
        print(f"\n## {title}\n", flush=True)
        Table.made.clear()
        getattr(importlib.import_module(module), name)(bench)
        figures["parts"][part] = [row for table in Table.made for row in table.figures()]
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
