# SPDX-License-Identifier: Apache-2.0
"""What docker/bulk has for corpora that is tried without Spark and Ray (tests/docker/check_bulk.py has those): the client that both
use, against a server that fails as told and against nestd, and the indexed Job, whose pods are run here and killed."""

import base64
import gzip
import http.server
import json
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from harness import environment
from image import image_environment

BULK = pathlib.Path(__file__).resolve().parents[2] / "docker/bulk"
sys.path.insert(0, str(BULK))

import nestd_client  # noqa: E402

make_random_model = pytest.importorskip("make_random_model")


# ---- the client ----


class Script:
    """A server that answers by turns what it is told: (status, headers, body), or None to close the connection. After the last it
    gives each text the vector [its length, its place]."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []  # (path, headers, body)
        self.asked_at = []
        script = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                script.asked.append((self.path, dict(self.headers), json.loads(body)))
                script.asked_at.append(time.monotonic())
                answer = script.answers.pop(0) if script.answers else (200, {}, vectors_of(json.loads(body)["input"]))
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, reply = answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": len(reply)}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def vectors_of(texts, order=None):
    numbers = [np.array([len(text), i], "<f4").tobytes() for i, text in enumerate(texts)]
    items = [{"index": i, "embedding": base64.b64encode(numbers[i]).decode()} for i in order or range(len(texts))]
    return json.dumps({"data": items}).encode()


@pytest.fixture
def script():
    made = []

    def make(*answers):
        made.append(Script(*answers))
        return made[-1]

    yield make
    for one in made:
        one.close()


def embedder(*urls, **changed):
    defaults = {"model": None, "dimensions": None, "prompt_name": None, "texts_per_request": 64, "requests": 4}
    settings = {"url": list(urls), "api_key": None, "retries": 3, "timeout": 20, **defaults, **changed}
    return nestd_client.Embedder(settings)


def numbers(found):
    return np.frombuffer(found, "<f4").reshape(-1, 2).tolist()


def refusal(status, message="", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, headers, json.dumps({"error": {"message": message}}).encode()


@pytest.fixture
def waits(monkeypatch):
    """What the client waits, without waiting."""
    found = []
    monkeypatch.setattr(nestd_client.time, "sleep", found.append)
    return found


def test_a_request_says_what_was_asked_for(script):
    server = script()
    asking = embedder(server.url + "/", model="m", dimensions=2, prompt_name="query", api_key="sk-1")
    assert numbers(asking.embed([7, 8], ["a", "four"])) == [[1, 0], [4, 1]]
    path, headers, body = server.asked[0]
    assert path == "/v1/embeddings" and headers["Authorization"] == "Bearer sk-1"
    assert body == {"input": ["a", "four"], "encoding_format": "base64", "model": "m", "dimensions": 2, "prompt_name": "query"}
    asking = embedder(server.url + "/v1")
    asking.embed([7], ["a"])
    path, headers, body = server.asked[1]
    assert path == "/v1/embeddings" and "Authorization" not in headers
    assert body == {"input": ["a"], "encoding_format": "base64"}


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_and_never_exactly(script, waits, status):
    for _ in range(5):
        server = script(refusal(status, "busy", Retry_After="7"), refusal(status, "busy", Retry_After="7"))
        assert numbers(embedder(server.url).embed([1], ["abc"])) == [[3, 0]]
        assert len(server.asked) == 3
    assert len(waits) == 10 and len(set(waits)) == 10
    assert all(7 <= wait < 7 * 1.25 + 0.5 for wait in waits)


def test_it_really_waits(script):
    server = script(refusal(429, "busy", Retry_After="1"))
    embedder(server.url).embed([1], ["abc"])
    assert server.asked_at[1] - server.asked_at[0] >= 1


def test_without_a_word_waits_grow(script, waits):
    server = script(*[refusal(502)] * 9)
    embedder(server.url, retries=9).embed([1], ["abc"])
    assert all(0.25 * 2**i <= wait <= 0.5 * 2**i for i, wait in enumerate(waits[:6]))
    assert all(15 <= wait <= 30 for wait in waits[6:]) and len(waits) == 9


def test_retries_end_with_what_was_said(script, waits):
    server = script(*[refusal(429, "the queue is full", Retry_After="1")] * 9)
    with pytest.raises(nestd_client.EmbedError) as caught:
        embedder(server.url).embed(["a-1", "a-2"], ["x", "y"])
    said = str(caught.value)
    assert len(server.asked) == 4 and "tried 4 times" in said
    assert "2 rows from 'a-1' to 'a-2': 429: the queue is full" in said and server.url in said


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
def test_what_is_wrong_with_the_request_is_not_asked_again(script, status):
    server = script(refusal(status, "input[0]:\nno"))
    with pytest.raises(nestd_client.EmbedError, match=rf"1 rows from 5 to 5: {status}: input\[0\]: no$"):
        embedder(server.url).embed([5], ["x"])
    assert len(server.asked) == 1


def test_a_connection_that_breaks_is_no_end(script, waits):
    server = script(None, None)
    assert numbers(embedder(server.url).embed([1], ["abc"])) == [[3, 0]]
    assert len(waits) == 2
    # One that was kept may have been closed long ago: at once, on a new one.
    server = script((200, {}, vectors_of(["abc"])), None)
    asking = embedder(server.url)
    for _ in range(2):
        assert numbers(asking.embed([1], ["abc"])) == [[3, 0]]
    assert len(waits) == 2 and len(server.asked) == 3


def test_a_replica_that_is_gone_is_left_alone(script, waits):
    server = script()
    with socket.socket() as gone:
        gone.bind(("127.0.0.1", 0))
        asking = embedder(f"http://127.0.0.1:{gone.getsockname()[1]}", server.url)
        for i in range(20):
            assert numbers(asking.embed([i], ["abc"])) == [[3, 0]]
    assert len(waits) <= 1 and len(server.asked) == 20


def test_order_is_kept_whoever_answers_first(script):
    server = script()
    batches = [([i], ["x" * (i + 1)]) for i in range(100)]
    found = list(embedder(server.url, requests=8).embed_all(iter(batches)))
    assert [ids for ids, _ in found] == [[i] for i in range(100)]
    assert [numbers(vectors) for _, vectors in found] == [[[i + 1, 0]] for i in range(100)]


def test_after_a_failure_nothing_more_is_asked(script):
    server = script(*[refusal(400, "no")] * 100)
    with pytest.raises(nestd_client.EmbedError):
        list(embedder(server.url, requests=2).embed_all(([i], ["x"]) for i in range(100)))
    assert len(server.asked) <= 6


@pytest.mark.parametrize(
    "reply, named",
    [
        (b"<html>", "no reply of OpenAI's embeddings API"),
        (b'{"data": []}', "expected 2 vectors"),
        (b'{"data": 3}', "no reply"),
        (vectors_of(["a", "b"], [1, 0]), "in the order of their texts"),
        (vectors_of(["a", "b"]).replace(b'"embedding": "', b'"embedding": "AAAA'), "no reply"),
    ],
)
def test_a_reply_that_is_none_is_refused(script, reply, named):
    server = script((200, {}, reply))
    with pytest.raises(nestd_client.EmbedError, match=named):
        embedder(server.url).embed([1, 2], ["a", "b"])


def test_a_row_without_a_text_is_named():
    with pytest.raises(nestd_client.EmbedError, match="row 'x-9': expected a text, found None"):
        embedder("http://127.0.0.1:1").embed(["x-8", "x-9"], ["a", None])


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://h", "http://"])
def test_an_address_that_is_none_is_named(url):
    with pytest.raises(ValueError, match="expected http://HOST:PORT"):
        embedder(url)


WORDS = "cat dog house river stone music learning deep water light sea tree bird road hand".split()


def make_texts(n, seed=1):
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(1, 20))) for _ in range(n)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bulk") / "model"
    make_random_model.make([str(folder), "--hidden", "32", "--heads", "4", "--layers", "2", "--positions", "64"])
    return folder


def test_vectors_are_nestds(servers, tiny):
    """And a busy server's refusals are waited for."""
    server = servers(tiny, "--threads", "1", "--cache-size", "0", "--max-concurrent-requests", "2")
    texts = make_texts(200)
    whole = server.embed(input=texts, encoding_format="base64")["data"]
    expected = b"".join(base64.b64decode(item["embedding"]) for item in whole)
    asking = embedder(f"http://127.0.0.1:{server.port}", requests=8, retries=30)
    pieces = [(list(range(i, i + 5)), texts[i : i + 5]) for i in range(0, 200, 5)]
    assert b"".join(vectors for _, vectors in asking.embed_all(iter(pieces))) == expected


# ---- the Job ----


@pytest.fixture(scope="module")
def job():
    return pytest.importorskip("yaml").safe_load((BULK / "job.yaml").read_text())


def test_the_job_fits_its_schema(job):
    schemas = pytest.importorskip("kubernetes_validate")
    schemas.validate(job, "1.35", strict=True)
    wrong = json.loads(json.dumps(job))
    wrong["spec"]["completions"] = "eight"
    with pytest.raises(schemas.ValidationError):
        schemas.validate(wrong, "1.35", strict=True)


def test_the_jobs_shards_are_as_many_as_its_pods(job):
    spec = job["spec"]
    container = spec["template"]["spec"]["containers"][0]
    assert spec["completionMode"] == "Indexed" and spec["template"]["spec"]["restartPolicy"] == "Never"
    assert f"--shard=$(JOB_COMPLETION_INDEX)/{spec['completions']}" in container["args"]
    assert {rule["action"] for rule in spec["podFailurePolicy"]["rules"]} == {"FailJob", "Ignore"}
    assert spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"] == container["name"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in spec["template"]["spec"]["volumes"]}


def run_pod(binary, job, index, places):
    """The pod's command as Kubernetes would put it together, with the image's environment, and folders of here."""
    container = job["spec"]["template"]["spec"]["containers"][0]
    env = {**image_environment(), **{one["name"]: one["value"] for one in container["env"] if "value" in one}}

    def put_in(text):
        text = text.replace("$(JOB_COMPLETION_INDEX)", str(index))
        for place, folder in places.items():
            text = text.replace(place, str(folder))
        return text

    command = [binary, *map(put_in, container["args"]), "--max-batch-tokens=64"]
    env = {name: put_in(value) for name, value in env.items()}
    return subprocess.Popen(command, env=environment(env), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_pods_that_are_killed_end_with_the_same_bytes(binary, job, tiny, tmp_path):
    folders = {"/models": tiny, "/corpus": tmp_path, "/vectors": tmp_path / "v"}
    (tmp_path / "v").mkdir()
    texts = make_texts(8000)
    with gzip.open(tmp_path / "texts.jsonl.gz", "wt", compresslevel=1) as file:
        file.writelines(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts))
    whole = [binary, "embed", "--model-id", tiny, "-i", tmp_path / "texts.jsonl.gz", "-o", tmp_path / "whole.npy"]
    subprocess.run(list(map(str, whole)), check=True, env=environment(), stderr=subprocess.DEVNULL)
    expected = np.load(tmp_path / "whole.npy")
    n_pods = job["spec"]["completions"]
    n_killed = 0
    for index in range(n_pods):
        pod = run_pod(binary, job, index, folders)
        deadline = time.monotonic() + 30
        while index < 2 and pod.poll() is None and not list((tmp_path / "v").glob(f"{index}.npy.partial")):
            assert time.monotonic() < deadline
            time.sleep(0.002)
        if index < 2 and pod.poll() is None:
            pod.send_signal([signal.SIGKILL, signal.SIGTERM][index])
            pod.communicate()
            assert pod.returncode in (-signal.SIGKILL, 128 + signal.SIGTERM)
            n_killed += 1
            pod = run_pod(binary, job, index, folders)
        _, said = pod.communicate(timeout=60)
        assert pod.returncode == 0, said
    assert n_killed == 2
    for index in range(n_pods):
        assert np.load(tmp_path / f"v/{index}.npy").tobytes() == expected[index::n_pods].tobytes()
        ids = [json.loads(line) for line in (tmp_path / f"v/{index}.npy.ids.jsonl").read_text().splitlines()]
        assert ids == list(range(index, len(texts), n_pods))
    again = run_pod(binary, job, 0, folders)
    assert b"complete already" in again.communicate(timeout=60)[1] and again.returncode == 0
