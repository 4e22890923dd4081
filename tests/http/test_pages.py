# SPDX-License-Identifier: Apache-2.0
"""The pages for people: what they may do, by their headers, and what they do, in Chromium
(browser/). NODE_PATH is the folder in which npm's packages lie."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

WEB = pathlib.Path(__file__).resolve().parents[2] / "server" / "web"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
KEY = "key-of-the-page"
BROWSER = pathlib.Path(__file__).with_name("browser")
STEPS = re.findall(
    r'^  async "(.*)"\(\)', "\n".join(file.read_text() for file in sorted(BROWSER.glob("*.mjs"))), re.M
)


def assert_kept_in(reply):
    policy = dict(part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; "))
    assert policy.pop("default-src") == "'none'"
    assert all(policy.pop(name) == "'none'" for name in ("base-uri", "form-action", "frame-ancestors"))
    assert set(policy.values()) == {"'self'"}
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path, file", [("/", "index.html"), ("/docs", "docs.html"), ("/guide/moving", "guide/moving.html")])
def test_page_is_served(server, path, file):
    reply = server.get(path)
    assert reply.status == 200 and reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.body == (WEB / file).read_bytes()
    assert_kept_in(reply)


def test_every_file_of_the_pages_is_served(server):
    files = [file for file in WEB.rglob("*") if file.suffix in TYPES]
    assert len(files) > 5
    for file in files:
        reply = server.get(f"/web/{file.relative_to(WEB)}")
        assert reply.status == 200 and reply.body == file.read_bytes(), file.name
        assert reply.headers["Content-Type"].split(";")[0] == TYPES[file.suffix]
        assert_kept_in(reply)


@pytest.mark.parametrize("name", ["", "index.html", "../tests", "base", "base/", "base/dom.js/", "base/DOM.JS"])
def test_no_other_file_is_served(server, name):
    reply = server.get(f"/web/{name}")
    assert reply.status == 404 and reply.json()["error"]["code"] == "not_found"


def test_pages_name_nothing_outside(server):
    for file in filter(pathlib.Path.is_file, WEB.rglob("*")):
        text = file.read_text().replace("http://www.w3.org/2000/svg", "").replace("http://127.0.0.1:", "")
        assert not re.search(r"https?://|//[a-z]+\.|innerHTML|insertAdjacentHTML|eval\(", text), file.name


PRINT_SAMPLES = """
import { sample } from %s;
const document = JSON.parse(process.argv[1]);
const samples = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, { responses }]) => {
    const schema = responses?.["200"]?.content?.["application/json"]?.schema;
    return schema ? [{ name: `${method} ${path}`, schema, value: sample(document, schema) }] : [];
  }),
);
console.log(JSON.stringify(samples));
"""


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_examples_of_replies_fit_their_schemas(server):
    jsonschema = pytest.importorskip("jsonschema")
    document = server.get("/openapi.json").json()
    code = PRINT_SAMPLES % json.dumps((WEB / "docs" / "sample.js").as_uri())
    command = ["node", "--input-type=module", "-e", code, json.dumps(document)]
    samples = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert len(samples) > 10
    for each in samples:
        schema = document | {"$schema": "https://json-schema.org/draft/2020-12/schema"} | each["schema"]
        errors = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(each["value"])]
        assert not errors, (each["name"], errors)


@pytest.fixture(scope="module")
def steps(server, servers, model):
    packages = pathlib.Path(os.environ.get("NODE_PATH", ""))
    if not shutil.which("chromium") or not (packages / "playwright-core").is_dir():
        pytest.skip("no chromium, or NODE_PATH does not hold npm's package playwright-core")
    started = {
        "open": server,
        "keyed": servers(model, "--api-key", KEY),
        "refusing": servers(model, "--auto-truncate", "false"),
    }
    told = {name: f"http://127.0.0.1:{each.port}" for name, each in started.items()} | {"key": KEY}
    command = ["node", str(BROWSER / "run.mjs"), json.dumps(told)]
    environment = os.environ | {"PYTHON": sys.executable}  # which has NumPy, for oracle.py
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_in_a_browser(steps, step):
    assert steps[step] is None, steps[step]
