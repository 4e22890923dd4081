# SPDX-License-Identifier: Apache-2.0
"""tests/bench/run's command line. Needs nothing but Python: alone, it prints the help or what is wrong, before gigabytes are
installed."""

import argparse

import families

PARTS = {  # name: (title, function)
    "peers": ("Beside its peers", "part_peers.run"),
    "roof": ("Share of the roof", "part_engine.roof"),
    "families": ("Families", "part_families.run"),
    "http": ("Through HTTP", "part_http.throughput"),
    "latency": ("A lone text", "part_engine.latency"),
    "busy": ("A small request among large ones", "part_http.busy"),
    "linear": ("Linear cost", "part_engine.linear"),
    "ready": ("Ready after the start", "part_http.ready"),
    "cores": ("Few to all cores", "part_cores.cores"),
    "small-bulk": ("One request alone", "part_cores.small_bulk"),
    "even": ("How even a lone text's latency is", "part_cores.even"),
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


if __name__ == "__main__":
    parse()
