# SPDX-License-Identifier: Apache-2.0
"""/guide/moving: every command in it runs as it stands, but for port and model; what it says of options and routes is true."""

import html
import json
import re
import shlex
import subprocess
import sys

import pytest

from harness import Server, environment, run_to_end
from test_readme import table

MODEL = "BAAI/bge-small-en-v1.5"


@pytest.fixture(scope="module")
def page(server):
    reply = server.get("/guide/moving")
    assert reply.status == 200 and reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return reply.body.decode()


def commands(page, kind):
    found = re.findall(rf'<pre data-run="{kind}">(.*?)</pre>', page, re.S)
    assert len(re.findall("<pre", page)) == sum(len(re.findall(f'data-run="{k}"', page)) for k in ("sh", "serve", "python"))
    return [html.unescape(command) for command in found]


@pytest.fixture(scope="module")
def named(servers, model):
    """With the names that requests in the page use."""
    return servers(model, "--model-alias", "text-embedding-3-small")


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment(), **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_requests_are_answered(page, named):
    found = commands(page, "sh")
    assert len(found) >= 6
    for command in found:
        assert "127.0.0.1:8080" in command
        reply = run(command.replace("127.0.0.1:8080", f"127.0.0.1:{named.port}").replace("curl ", "curl -sSf ", 1), shell=True)
        value = json.loads(reply)
        assert isinstance(value, list) or {"data", "embeddings", "scores"} & set(value), reply[:200]


def test_servers_start(page, binary, model):
    found = commands(page, "serve")
    assert len(found) >= 3
    for command in found:
        program, flag, name, *arguments = shlex.split(command)
        assert (program, flag, name) == ("nestd", "--model-id", MODEL) and "8080" in arguments
        i = arguments.index("8080")
        assert arguments[i - 1] in ("-p", "--port")
        server = Server(binary, model, *arguments[: i - 1], *arguments[i + 1 :])
        try:
            server.wait_ready()
        finally:
            server.stop()
        # The port's own flag, on which Server's must not stand twice.
        done = run_to_end(binary, "--model-id", "/nowhere/at/all", arguments[i - 1], "0", *arguments[: i - 1])
        assert done.returncode == 2 and "/nowhere/at/all" in done.stderr


def test_comparison_runs(page, server, tmp_path):
    (source,) = commands(page, "python")
    address = f"127.0.0.1:{server.port}"
    source = source.replace("127.0.0.1:7997", address).replace("127.0.0.1:8080", address)
    assert float(run([sys.executable, "-c", source], cwd=tmp_path)) == pytest.approx(1, abs=1e-6)


def test_flags_exist(page):
    """Those that the page puts in nestd's column."""
    cells = re.findall(r"<tr><td>.*?</td><td>(.*?)</td></tr>", page)
    assert len(cells) > 20
    named = {flag for cell in cells for flag in re.findall(r"--[a-z][a-z-]+", cell)}
    assert len(named) > 5 and named <= set(table()), named - set(table())


def test_links_lead_somewhere(page, server):
    for target in re.findall(r'(?:href|src)="([^"]+)"', page):
        if target.startswith("#"):
            assert f'id="{target[1:]}"' in page
        else:
            assert target.startswith("../")
            assert server.get("/" + target[3:]).status == 200, target


@pytest.mark.parametrize("name", ["", "moving.html", "index", "../index", "moving/", "a" * 200])
def test_no_other_page_is_served(server, name):
    reply = server.get(f"/guide/{name}")
    assert reply.status == 404 and reply.json()["error"]["code"] == "not_found"
