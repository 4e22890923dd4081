#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that sentence-transformers reads offline what nestd has got from a hub: tests/models/check_hub_cache.py --binary NESTD
--model FOLDER. The hub is a fake one on the loopback interface. Prints what is wrong, then "N passed, N failed"."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))

from fake_hub import FakeHub, folder_files  # noqa: E402

NAME = "acme/tiny"
TEXTS = ["a cat", "What is Deep Learning?", ""]


def encode(model):
    """In this process, which has never heard of the hub: offline from here on."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(model, device="cpu").encode(TEXTS)


def check(binary, folder, cache):
    hub = FakeHub()
    hub.add(NAME, folder_files(folder))
    variables = hub.environment(cache)
    command = [binary, "--model-id", NAME, "--download-only"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NESTD_", "HF_"))}
    subprocess.run(command, env={**kept, **variables}, check=True)
    hub.asked.clear()
    os.environ.update(variables, HF_HUB_OFFLINE="1")
    by_name = encode(NAME)
    problems = []
    if hub.asked:
        problems.append(f"sentence-transformers asked the hub: {hub.asked}")
    if (by_name != encode(str(folder))).any():
        problems.append("the vectors of the cache and of the folder differ")
    hub.close()
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True, type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        problems = check(options.binary, options.model, pathlib.Path(folder) / "cache")
    for problem in problems:
        print(problem)
    print(f"{int(not problems)} passed, {len(problems)} failed")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
