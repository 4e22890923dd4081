# SPDX-License-Identifier: Apache-2.0
"""nestd embed with files of OpenAI's Batch API. A server's replies to the same bodies are the oracle."""

import json
import signal
import subprocess
import time

import pytest
from harness import SANITIZER_REPORT, environment
from test_embed_files import make_model, texts_of


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("tiny"), "--hidden", "32", "--heads", "4", "--prompt", "query=q: ")


@pytest.fixture(scope="module")
def tiny_server(servers, tiny):
    return servers(tiny, "--dtype", "float32")


@pytest.fixture
def embed(binary, tiny, tmp_path):
    def run(*arguments, exits=0):
        command = [binary, "embed", "--model-id", tiny, "--dtype", "float32", "--input-format", "batch", *arguments]
        done = subprocess.run(
            list(map(str, command)), cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300
        )
        assert not SANITIZER_REPORT.search(done.stderr), done.stderr
        assert done.returncode == exits, done.stderr
        return done.stderr

    return run


def line_of(custom_id, body, url="/v1/embeddings", method="POST"):
    return json.dumps({"custom_id": custom_id, "method": method, "url": url, "body": body})


BODIES = [
    {"model": "model", "input": "cat"},
    {"input": ["dog", "deep sea"], "dimensions": 8, "encoding_format": "base64"},
    {"input": "house", "output_dtype": "ubinary", "prompt_name": "query"},
    {"input": [5, 6, 7]},
    {"input": []},
    {"input": "cat", "dimensions": 9999},
    {"model": "another", "input": "cat"},
]


def test_replies_are_the_servers(embed, tiny_server, tmp_path):
    (tmp_path / "b.jsonl").write_text("\n".join(line_of(f"r{i}", body) for i, body in enumerate(BODIES)))
    embed("-i", "b.jsonl", "-o", "o.jsonl")
    replies = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [reply["custom_id"] for reply in replies] == [f"r{i}" for i in range(len(BODIES))]
    for body, reply in zip(BODIES, replies):
        expected = tiny_server.post("/v1/embeddings", body)
        assert reply["error"] is None
        assert reply["response"]["status_code"] == expected.status
        assert reply["response"]["body"] == expected.json()
    assert {reply["response"]["status_code"] for reply in replies} == {200, 400, 404}
    assert len({reply["id"] for reply in replies}) == len(BODIES)


def test_other_routes_are_answered_too(embed, tiny_server, tmp_path):
    body = {"input": ["cat"], "compare_with": ["cat", "dog"]}
    (tmp_path / "b.jsonl").write_text(line_of("s", body, url="/v1/similarity"))
    embed("-i", "b.jsonl", "-o", "o.jsonl")
    reply = json.loads((tmp_path / "o.jsonl").read_text())
    assert reply["response"]["body"] == tiny_server.post("/v1/similarity", body).json()


@pytest.mark.parametrize(
    "line, code",
    [
        (line_of("x", {"input": "a"}, url="/v1/chat/completions"), "invalid_url"),
        (line_of("x", {"input": "a"}, url="/metrics"), "invalid_url"),
        (line_of("x", {"input": "a"}, method="GET"), "invalid_method"),
        (line_of("x", "a"), "invalid_body"),
    ],
)
def test_what_cannot_be_asked_is_an_error_of_its_line(embed, tmp_path, line, code):
    (tmp_path / "b.jsonl").write_text("\n".join([line, line_of("y", {"input": "a"})]))
    embed("-i", "b.jsonl", "-o", "o.jsonl")
    first, second = [json.loads(text) for text in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert first["custom_id"] == "x" and first["response"] is None and first["error"]["code"] == code
    assert second["response"]["status_code"] == 200 and second["error"] is None


def test_lines_that_are_no_requests_stop_or_are_left_out(embed, tmp_path):
    lines = [line_of("a", {"input": "cat"}), "{", '{"method": "POST"}', line_of("b", {"input": "dog"})]
    (tmp_path / "b.jsonl").write_text("\n".join(lines))
    assert "b.jsonl:2:" in embed("-i", "b.jsonl", "-o", "o.jsonl", exits=1)
    assert not (tmp_path / "o.jsonl").exists()
    embed("-i", "b.jsonl", "-o", "o.jsonl", "--overwrite", "--bad-lines", "skip")
    replies = [json.loads(text) for text in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [reply["custom_id"] for reply in replies] == ["a", "b"]
    bad = [json.loads(text) for text in (tmp_path / "o.jsonl.bad.jsonl").read_text().splitlines()]
    assert [item["line"] for item in bad] == [2, 3]


@pytest.mark.parametrize("more", [["--shard", "0/2"], ["--dimensions", "8"], ["--output-format", "npy"]])
def test_options_that_requests_have_are_refused(embed, tmp_path, more):
    (tmp_path / "b.jsonl").write_text(line_of("a", {"input": "cat"}))
    assert more[0] in embed("-i", "b.jsonl", "-o", "o.jsonl", *more, exits=2)


def test_killed_and_resumed_is_byte_equal(binary, tmp_path, tmp_path_factory, rng):
    model = make_model(tmp_path_factory.mktemp("slow"), "--hidden", "128", "--heads", "4", "--layers", "4")
    texts = texts_of(12000)
    lines = [line_of(f"r{i}", {"input": texts[4 * i : 4 * i + 4]}) for i in range(3000)]
    (tmp_path / "b.jsonl").write_text("\n".join(lines))

    def start(output):
        command = [binary, "embed", "--model-id", model, "--dtype", "float32", "--threads", "1", "--resume"]
        command += ["--input-format", "batch", "-i", "b.jsonl", "-o", output]
        return subprocess.Popen(
            list(map(str, command)), cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL
        )

    began = time.monotonic()
    assert start("whole.jsonl").wait(300) == 0
    seconds = time.monotonic() - began
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        run = start("o.jsonl")
        time.sleep(rng.uniform(0.2, 0.6) * seconds)
        run.send_signal(number)
        run.wait(60)
    assert start("o.jsonl").wait(300) == 0
    assert (tmp_path / "o.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
