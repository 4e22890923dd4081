# SPDX-License-Identifier: Apache-2.0
"""Runs programs that use other people's clients, each with the interpreter that has them.
CLIENTS_DIR holds the Python environments that tests/run makes of tests/clients/*.txt, NODE_PATH
the packages of npm."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

GUARD = pathlib.Path(__file__).resolve().parents[1] / "clients"  # holds sitecustomize.py
# What is not in the tests' own environment: {package: environment}.
APART = {
    "haystack": "frameworks",
    "langchain_huggingface": "frameworks",
    "langchain_openai": "frameworks",
    "litellm": "frameworks",
    "llama_index": "frameworks",
    "haystack_integrations": "huggingface-hub",
    "huggingface_hub": "huggingface-hub",
    "langchain_cohere": "ollama",
    "langchain_ollama": "ollama",
    "ollama": "ollama",
}
# Each client's own word for what it must not do in a test.
QUIET = {
    "DO_NOT_TRACK": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}


def python_with(package):
    environment = APART.get(package)
    if environment is None:
        return sys.executable
    found = os.path.join(os.environ.get("CLIENTS_DIR", ""), environment, "bin", "python")
    if not os.access(found, os.X_OK):
        pytest.skip(f"CLIENTS_DIR does not hold the environment {environment}")
    return found


def run(command, folder):
    """What it prints. It lives in an empty folder, and is ended if it looks past this machine."""
    kept = {name: os.environ[name] for name in ("PATH", "NODE_PATH") if name in os.environ}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**kept, **QUIET, "HOME": str(folder), "PYTHONPATH": str(GUARD)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"exit status {done.returncode}:\n{done.stderr}"
    return done.stdout


def run_python(package, source, folder, *arguments):
    (folder / "program.py").write_text(source)
    return run([python_with(package), "program.py", *arguments], folder)


def run_node(package, source, folder, *arguments):
    packages = os.environ.get("NODE_PATH", "")
    if not shutil.which("node") or not os.path.isdir(os.path.join(packages, package)):
        pytest.skip(f"no node, or NODE_PATH does not hold npm's package {package}")
    (folder / "program.mjs").write_text(source)
    # An import looks into this folder alone, never into NODE_PATH.
    os.symlink(packages, folder / "node_modules")
    return run(["node", "program.mjs", *arguments], folder)
