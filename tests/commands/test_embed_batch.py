# SPDX-License-Identifier: Apache-2.0
"""nestd embed with files of OpenAI's Batch API. A server's replies to the same bodies are the oracle."""

import json
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import tiny_models
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
    def run(*arguments, exits=0, model=tiny):
        command = [binary, "embed", "--model-id", model, "--dtype", "float32", "--input-format", "batch", *arguments]
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


def test_a_deployment_is_in_the_path(embed, tiny_server, tiny, tmp_path):
    """As Azure has it."""
    paths = [f"/openai/deployments/{name}/embeddings" for name in (tiny.name, "another")]
    (tmp_path / "b.jsonl").write_text("\n".join(line_of(path, {"input": "cat"}, url=path) for path in paths))
    embed("-i", "b.jsonl", "-o", "o.jsonl")
    for path, reply in zip(paths, read_lines(tmp_path / "o.jsonl")):
        expected = tiny_server.post(path, {"input": "cat"})
        assert reply["response"]["status_code"] == expected.status
        assert reply["response"]["body"] == expected.json()
    assert reply["response"]["status_code"] == 404


def test_a_ranker_answers_its_routes(embed, shared_data, servers, tmp_path):
    model = tiny_models.make(shared_data, "rank-bert", tmp_path)
    body = {"query": "cat", "documents": ["dog", "deep sea"]}
    lines = [line_of("r", body, url="/v1/rerank"), line_of("e", {"input": "cat"})]
    (tmp_path / "b.jsonl").write_text("\n".join(lines))
    embed("-i", "b.jsonl", "-o", "o.jsonl", "--resume", model=model)
    ranked, refused = read_lines(tmp_path / "o.jsonl")
    expected = servers(model, "--dtype", "float32").post("/v1/rerank", body).json()
    assert ranked["response"]["body"]["results"] == expected["results"]
    assert refused["response"]["status_code"] >= 400
    assert "complete already" in embed("-i", "b.jsonl", "-o", "o.jsonl", "--resume", model=model)


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


@pytest.mark.slow  # not under a sanitizer, which holds what is freed
def test_what_is_held_does_not_grow_with_the_file(binary, tiny, tmp_path):
    """Replies to 1,000 texts take 200 KB and more each; some wait for those before them, and all for room."""

    def peak_kib(n_lines):
        body = {"inputs": ["cat"] * 1000}
        first = line_of("0", {"input": [" ".join(["dog"] * 300)] * 1000})
        lines = [first, *(line_of(f"{i + 1}", body, url="/embed") for i in range(n_lines))]
        (tmp_path / "b.jsonl").write_text("\n".join(lines))
        command = [binary, "embed", "--model-id", tiny, "--dtype", "float32", "--input-format", "batch", "--overwrite"]
        command += ["-i", "b.jsonl", "-o", "o.jsonl"]
        run = subprocess.Popen(list(map(str, command)), cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
        peak = 0
        while run.poll() is None:
            found = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{run.pid}/status").read_text())
            peak = max(peak, int(found[1]) if found else 0)
            time.sleep(0.01)
        assert run.returncode == 0
        statuses = {json.loads(line)["response"]["status_code"] for line in (tmp_path / "o.jsonl").read_text().splitlines()}
        assert statuses == {200}
        return peak

    assert peak_kib(250) - peak_kib(8) < 16 << 10


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


@pytest.mark.parametrize("more", [["--prompt-name", "query"], ["--dimensions", "8"], ["--output-format", "npy"]])
def test_options_that_requests_have_are_refused(embed, tmp_path, more):
    (tmp_path / "b.jsonl").write_text(line_of("a", {"input": "cat"}))
    assert more[0] in embed("-i", "b.jsonl", "-o", "o.jsonl", *more, exits=2)


def test_words_of_a_line_are_cut_between_characters(embed, tmp_path):
    (tmp_path / "b.jsonl").write_text(line_of("x", {"input": "a"}, url="/a" + "é" * 300))
    embed("-i", "b.jsonl", "-o", "o.jsonl")
    (reply,) = read_lines(tmp_path / "o.jsonl")
    assert "/aé" in reply["error"]["message"]


def test_shards_share_the_lines(embed, tmp_path):
    lines = [line_of(f"r{i}", {"input": f"cat {i}"}) for i in range(20)]
    lines.insert(7, "{")
    (tmp_path / "b.jsonl").write_text("\n".join(lines))
    embed("-i", "b.jsonl", "-o", "all.jsonl", "--bad-lines", "skip")
    parts = []
    for i in range(3):
        embed("-i", "b.jsonl", "-o", f"{i}.jsonl", "--shard", f"{i}/3", "--bad-lines", "skip")
        parts.append((tmp_path / f"{i}.jsonl").read_text().splitlines())
    assert [len(part) for part in parts] == [7, 6, 7]
    assert len((tmp_path / "1.jsonl.bad.jsonl").read_text().splitlines()) == 1
    merged = sorted(sum(parts, []), key=lambda line: int(json.loads(line)["id"].rpartition("_")[2]))
    assert merged == (tmp_path / "all.jsonl").read_text().splitlines()
    assert "shard" in embed("-i", "b.jsonl", "-o", "0.jsonl", "--shard", "1/3", "--bad-lines", "skip", "--resume", exits=1)


# ---- a server ----


def test_url_gives_the_same_lines(embed, tiny_server, tmp_path):
    lines = [line_of(f"r{i}", body) for i, body in enumerate(BODIES * 20)]
    lines.append(line_of("s", {"input": ["cat"], "compare_with": ["cat", "dog"]}, url="/v1/similarity"))
    (tmp_path / "b.jsonl").write_text("\n".join(lines))
    embed("-i", "b.jsonl", "-o", "own.jsonl")
    for end in ("", "/v1/", "/v1/embeddings"):
        url = f"http://127.0.0.1:{tiny_server.port}{end}"
        embed("-i", "b.jsonl", "-o", "asked.jsonl", "--overwrite", "--url", url)
        assert (tmp_path / "asked.jsonl").read_bytes() == (tmp_path / "own.jsonl").read_bytes()


class Odd(BaseHTTPRequestHandler):
    """Answers by what the input says, in as many ways as servers have."""

    protocol_version = "HTTP/1.1"
    replies = {
        "pretty": (200, b'{\n  "a": "b\\n",\r\n  "c": 1.50\n}\n'),
        "page": (400, "<p>Nö\n</p>".encode("latin-1")),
        "empty": (404, b""),
        "fails": (500, b'{"error": {"message": "broken"}}'),
        "busy": (503, b'{"error": {"message": "come back"}}'),
        "key": (401, b'{"error": {"message": "who?"}}'),
        "dies": (None, b""),
    }

    def answer(self, body):
        if body["input"].startswith("slow"):
            time.sleep(0.5)
        return self.replies.get(body["input"], (200, json.dumps(body).encode()))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body, self.headers["Authorization"]))
        status, reply = self.answer(body)
        if not status:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *arguments):
        pass


class Mended(Odd):
    def answer(self, body):
        return 200, json.dumps(body).encode()


@pytest.fixture
def odd():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    server.asked = []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def write_inputs(path, inputs):
    path.write_text("\n".join(line_of(f"r{i}", {"model": "m", "input": text}) for i, text in enumerate(inputs)))


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_a_server_says_becomes_the_line(embed, odd, tmp_path):
    inputs = ["slow", "a", "pretty", "page", "empty", "fails", "b"]
    write_inputs(tmp_path / "b.jsonl", inputs)
    log = embed("-i", "b.jsonl", "-o", "o.jsonl", "--url", odd.url, "--url-retries", "1", "--url-requests", "3")
    replies = read_lines(tmp_path / "o.jsonl")
    assert [reply["custom_id"] for reply in replies] == [f"r{i}" for i in range(len(inputs))]
    assert [reply["response"]["status_code"] for reply in replies] == [200, 200, 200, 400, 404, 500, 200]
    bodies = [reply["response"]["body"] for reply in replies]
    assert bodies[0] == {"model": "m", "input": "slow"} and bodies[1]["input"] == "a"
    assert bodies[2] == {"a": "b\n", "c": 1.5}
    assert bodies[3] == "<p>N\ufffd\n</p>" and bodies[4] == ""
    assert bodies[5] == {"error": {"message": "broken"}}
    assert b'"c": 1.50' in (tmp_path / "o.jsonl").read_bytes()
    assert "trying again" in log and {path for path, _, _ in odd.asked} == {"/v1/embeddings"}


@pytest.mark.parametrize("text, words", [("busy", "503: come back (tried 2 times)"), ("key", "--api-key"), ("dies", "tried 2 times")])
def test_what_is_of_the_server_ends_the_run_and_can_be_resumed(embed, odd, tmp_path, text, words):
    write_inputs(tmp_path / "b.jsonl", ["a", text, "b"])
    log = embed("-i", "b.jsonl", "-o", "o.jsonl", "--url", odd.url, "--url-retries", "1", exits=1)
    assert words in log and "b.jsonl:2: " in log and "--resume" in log
    assert not (tmp_path / "o.jsonl").exists()
    assert len(read_lines(tmp_path / "o.jsonl.partial")) == 1
    n_asked = len(odd.asked)
    odd.RequestHandlerClass = Mended
    embed("-i", "b.jsonl", "-o", "o.jsonl", "--url", odd.url, "--resume")
    assert [reply["custom_id"] for reply in read_lines(tmp_path / "o.jsonl")] == ["r0", "r1", "r2"]
    assert "a" not in [body["input"] for _, body, _ in odd.asked[n_asked:]]


def test_nobody_there_is_said_at_once(embed, tmp_path):
    write_inputs(tmp_path / "b.jsonl", ["a"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert url in embed("-i", "b.jsonl", "-o", "o.jsonl", "--url", url, exits=1)


def test_key_goes_with_requests(embed, odd, tmp_path):
    write_inputs(tmp_path / "b.jsonl", ["a"])
    embed("-i", "b.jsonl", "-o", "o.jsonl", "--url", odd.url, "--api-key", "sk-1")
    assert [key for _, _, key in odd.asked] == ["Bearer sk-1"]


@pytest.mark.parametrize("path", ["v1/embeddings", "/v1/em beddings", "/v1#a", ""])
def test_paths_that_are_none_are_not_asked_for(embed, odd, tmp_path, path):
    (tmp_path / "b.jsonl").write_text(line_of("x", {"input": "a"}, url=path))
    embed("-i", "b.jsonl", "-o", "o.jsonl", "--url", odd.url)
    assert read_lines(tmp_path / "o.jsonl")[0]["error"]["code"] == "invalid_url"
    assert odd.asked == []


def test_interrupt_ends_a_request_that_waits(binary, odd, tmp_path):
    write_inputs(tmp_path / "b.jsonl", [f"slow {i}" for i in range(400)])
    command = [binary, "embed", "--url", odd.url, "--input-format", "batch", "-i", "b.jsonl", "-o", "o.jsonl"]
    run = subprocess.Popen(list(map(str, command)), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(odd.asked) <= 12:  # of which all but the last four are answered
        assert time.monotonic() < deadline
        time.sleep(0.05)
    began = time.monotonic()
    run.send_signal(signal.SIGTERM)
    _, log = run.communicate(timeout=20)
    assert run.returncode == 128 + signal.SIGTERM, log
    assert time.monotonic() - began < 3 and b"--resume" in log
    assert len(read_lines(tmp_path / "o.jsonl.partial")) > 4


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
