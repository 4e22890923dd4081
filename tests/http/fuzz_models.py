#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damaged model folders against the real program: it must refuse each with a message and exit
status 1, or serve it; never crash.

    fuzz_models.py --binary NESTD --model TINY_FOLDER [--folders 300] [--seed N]"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from fuzz_bodies import mutate_bytes, mutate_tree
from harness import Server


def mutate_json(rng, data):
    try:
        value = json.loads(data)
    except ValueError:
        return mutate_bytes(rng, data)
    for _ in range(rng.choice([1, 1, 2, 3])):
        value = mutate_deep(rng, value)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def mutate_deep(rng, value):
    """As mutate_tree, but rarely changes a whole branch: most of a large document stays valid."""
    if isinstance(value, dict) and value and rng.random() < 0.95:
        key = rng.choice(list(value))
        if isinstance(value[key], (dict, list)):
            return {**value, key: mutate_deep(rng, value[key])}
        numbers = [0, 1, -1, 3, 7, 2**31, 2**32, 2**63 - 1, 1e300, value[key]]
        return (
            {**value, key: rng.choice(numbers)} if rng.random() < 0.5 else mutate_tree(rng, value)
        )
    return mutate_tree(rng, value)


def mutate_safetensors(rng, data):
    n = int.from_bytes(data[:8], "little")
    header, tensors = data[8 : 8 + n], data[8 + n :]
    change = rng.randrange(6)
    if change == 0:
        return data[: rng.randrange(len(data))]
    if change == 1:
        length = rng.choice(
            [0, 1, n - 1, n + 1, len(data), 2**31, 2**63, 2**64 - 1, rng.randrange(len(data))]
        )
        return length.to_bytes(8, "little") + data[8:]
    if change == 2:
        header = mutate_bytes(rng, header)
    else:
        header = mutate_json(rng, header)
    return len(header).to_bytes(8, "little") + header + tensors


def damage(rng, folder):
    """Changes one file; returns what was done."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = rng.choice(files)
    data = path.read_bytes()
    kind = rng.random()
    if kind < 0.05:
        path.unlink()
        return f"removed {path.name}"
    if kind < 0.10:
        path.write_bytes(b"")
        return f"emptied {path.name}"
    if path.suffix == ".safetensors":
        path.write_bytes(mutate_safetensors(rng, data))
    elif path.suffix == ".json" and kind < 0.8:
        path.write_bytes(mutate_json(rng, data))
    else:
        path.write_bytes(mutate_bytes(rng, data))
    return f"changed {path.name}"


def try_folder(binary, folder):
    """Returns how it went: "refused" or "served"; raises AssertionError where it is neither."""
    server = Server(binary, folder)
    try:
        server.wait_ready()
    except AssertionError:
        status = None
        try:
            status = server.process.wait(5)  # its last line may be read before it has ended
        except subprocess.TimeoutExpired:
            server.process.kill()
        server.wait()
        assert status == 1, f"exit status {status}:\n{server.log_text()}"
        assert any("error" in line for line in server.log), f"no message:\n{server.log_text()}"
        return "refused"
    reply = server.post("/v1/embeddings", {"input": ["some text", "7"]})
    assert reply.status in (200, 500), reply
    server.stop()
    return "served"


def fuzz(binary, model, n_folders, seed):
    """Returns what was wrong, and how often a folder was refused or served."""
    problems, seen = [], {"refused": 0, "served": 0}
    for i in range(n_folders):
        rng = random.Random(f"{seed}-{i}")
        with tempfile.TemporaryDirectory(prefix="nestd-") as temporary:
            folder = pathlib.Path(temporary) / "model"
            shutil.copytree(model, folder)
            done = damage(rng, folder)
            try:
                seen[try_folder(binary, folder)] += 1
            except (AssertionError, OSError) as problem:
                problems.append(f"folder {i} of seed {seed}: {done}: {problem}")
    return problems, seen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--folders", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    problems, seen = fuzz(
        os.path.abspath(arguments.binary), arguments.model, arguments.folders, arguments.seed
    )
    print("\n".join(problems) or "no problem", f"seed {arguments.seed}: {seen}", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
