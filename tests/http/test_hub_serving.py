# SPDX-License-Identifier: Apache-2.0
"""--model-id ORG/NAME: the port while the model is downloaded, and caches shared with huggingface_hub."""

import json
import os
import pathlib
import pty
import re
import subprocess
import time

import pytest

import clients
from fake_hub import COMMIT, TOKEN, FakeHub, folder_files
from harness import environment
from test_hub_download import listing, make_read_only, wait_until

NAME = "acme/tiny"


@pytest.fixture(scope="module")
def files(model):
    return folder_files(model)


@pytest.fixture
def hub(files):
    fake = FakeHub()
    fake.add(NAME, files)
    yield fake
    fake.close()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def expected(server):
    return server.embed(input="a cat")["data"][0]["embedding"]


def slow_down(hub):
    """46 MB in ten seconds or so."""
    hub.piece_bytes, hub.piece_pause_s = 1 << 20, 0.2


def speed_up(hub):
    hub.piece_pause_s = 0


def test_port_is_open_while_the_model_comes(start, hub, cache, server):
    slow_down(hub)
    ours = start(NAME, env=hub.environment(cache)).wait_listening()
    wait_until(lambda: "MB" in ours.get("/readyz").json()["error"]["message"])
    ready = ours.get("/readyz")
    assert ready.status == 503 and 1 <= int(ready.headers["Retry-After"]) <= 60
    assert re.search(r"downloading \d+ of 46 MB$", ready.json()["error"]["message"])
    assert ready.json()["error"]["code"] == "loading"
    assert ours.get("/livez").status == 200
    assert ours.get("/metrics").status == 200
    assert ours.get("/").status == 200 and ours.get("/docs").status == 200
    for method, path in (
        ("POST", "/v1/embeddings"),
        ("POST", "/embed"),
        ("POST", "/v2/embed"),
        ("POST", "/tokenize"),
        ("GET", "/info"),
        ("GET", "/v1/models"),
        ("GET", "/openapi.json"),
        ("GET", "/health"),
    ):
        reply = ours.request(method, path, b'{"input": "a", "inputs": "a"}', {"Content-Type": "application/json"})
        assert reply.status == 503 and "Retry-After" in reply.headers, (path, reply)
        assert b"downloading" in reply.body, (path, reply)
    speed_up(hub)
    ours.wait_ready()
    assert expected(ours) == expected(server)
    assert ours.get("/v1/models").json()["data"][0]["id"] == "tiny"
    for name in ("tiny", NAME):
        assert ours.post("/v1/embeddings", {"input": "a", "model": name}).status == 200
    assert ours.post("/v1/embeddings", {"input": "a", "model": "other"}).status == 404
    assert str(cache) not in ours.get("/info").body.decode()


def test_sigterm_while_the_model_comes(start, hub, cache):
    slow_down(hub)
    ours = start(NAME, "--drain-delay", "30", env=hub.environment(cache)).wait_listening()
    wait_until(lambda: hub.count("store", "") == 1)
    began = time.monotonic()
    ours.stop()
    assert time.monotonic() - began < 15, "far less than the delay"
    assert list(cache.glob("models--acme--tiny/blobs/*.incomplete"))


def test_killed_server_and_a_second_start(start, hub, cache, server):
    slow_down(hub)
    first = start(NAME, env=hub.environment(cache)).wait_listening()
    wait_until(lambda: hub.count("store", "") == 1)
    time.sleep(1)
    first.process.kill()
    first.wait()
    speed_up(hub)
    time.sleep(0.3)
    second = start(NAME, env=hub.environment(cache)).wait_ready()
    assert expected(second) == expected(server)
    ranges = [a.headers.get("Range") for a in hub.asked if a.host == "store"]
    assert len(ranges) == 2 and ranges[0] is None and int(ranges[1][6:-1]) > 0


def test_options_that_do_not_fit_the_model_are_told_when_it_is_there(start, hub, cache):
    ours = start(NAME, "--matryoshka-dims", "1000", env=hub.environment(cache))
    assert ours.wait() == 2
    assert "--matryoshka-dims" in ours.log_text()
    again = start(NAME, "--matryoshka-dims", "1000", env=hub.environment(cache, HF_HUB_OFFLINE="1"))
    assert again.wait() == 2 and "listening" not in again.log_text(), "known before the port opens"


def test_model_that_cannot_be_served_ends_the_program(start, hub, cache, files):
    hub.add(NAME, {**files, "config.json": b'{"model_type": "unknown"}'})
    ours = start(NAME, env=hub.environment(cache))
    assert ours.wait() == 1
    assert "model_type" in ours.log_text()


def test_missing_model_ends_the_program(start, hub, cache):
    ours = start("acme/nope", env=hub.environment(cache))
    assert ours.wait() == 1
    assert "acme/nope" in ours.log_text() and "check the name" in ours.log_text()


def test_folder_wins_over_a_name(hub, cache, binary, model, tmp_path):
    (tmp_path / "acme").mkdir()
    os.symlink(model, tmp_path / "acme" / "tiny")
    done = subprocess.run(
        [binary, "--model-id", NAME, "--download-only"],
        cwd=tmp_path,
        env=environment(hub.environment(cache)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and not hub.asked and not cache.exists(), done


def test_line_every_few_seconds_where_there_is_no_terminal(start, hub, cache):
    slow_down(hub)
    ours = start(NAME, env=hub.environment(cache)).wait_ready()
    lines = re.findall(r"info    downloading (\d+) of 46 MB", ours.log_text())
    assert 1 <= len(lines) <= 3 and all(0 < int(n) < 46 for n in lines), ours.log_text()
    assert "\r" not in ours.log_text()


@pytest.mark.parametrize("options", [(), ("--json-output", "true")], ids=["text", "json"])
def test_bar_on_a_terminal(binary, hub, cache, options):
    hub.piece_bytes, hub.piece_pause_s = 1 << 20, 0.02
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [binary, "--model-id", NAME, "--download-only", *options],
        stderr=theirs,
        env=environment(hub.environment(cache)),
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(30) == 0
    if options:
        for line in shown.decode().splitlines():
            json.loads(line)
    else:
        assert re.search(rb"\rdownloading \[#+ +\] \d+ of 46 MB, [0-9.]+ MB/s\x1b\[K\r", shown), shown
        assert b"\r\x1b[K\r" in shown[shown.rindex(b"MB/s") :], "the bar is taken away"


def test_embed_takes_a_name_too(binary, hub, cache, server, tmp_path):
    (tmp_path / "texts.txt").write_text("a cat\n")
    done = subprocess.run(
        [binary, "embed", "--model-id", NAME, "-i", tmp_path / "texts.txt", "-o", tmp_path / "vectors.jsonl"],
        env=environment(hub.environment(cache)),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done
    (row,) = [json.loads(line) for line in (tmp_path / "vectors.jsonl").read_text().splitlines()]
    assert row["embedding"] == expected(server)


# ---- the token ----


def memory_of(pid):
    """All that a core of the process would hold."""
    parts = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r)w", line)
            if found and "[vvar" not in line:
                start, end = int(found.group(1), 16), int(found.group(2), 16)
                mem.seek(start)
                try:
                    parts.append(mem.read(end - start))
                except OSError:
                    pass
    return b"".join(parts)


@pytest.mark.slow  # not under a sanitizer, which keeps a copy of the environment of its own
@pytest.mark.parametrize("way", ["flag", "variable", "own variable"])
def test_token_is_nowhere_in_the_server(start, hub, cache, files, way):
    hub.add(NAME, files, private=True)
    slow_down(hub)
    options, more = {
        "flag": (["--hf-token", TOKEN], {}),
        "variable": ([], {"HF_TOKEN": TOKEN}),
        "own variable": ([], {"NESTD_HF_TOKEN": TOKEN}),
    }[way]
    ours = start(NAME, *options, env=hub.environment(cache, **more)).wait_listening()
    wait_until(lambda: hub.count("store", "") == 1)
    proc = pathlib.Path("/proc") / str(ours.process.pid)
    seen = [memory_of(ours.process.pid), (proc / "cmdline").read_bytes(), (proc / "environ").read_bytes()]
    speed_up(hub)
    ours.wait_ready()
    seen.append(memory_of(ours.process.pid))
    assert NAME.encode() in seen[0], "memory can be searched"
    for part in seen:
        assert TOKEN.encode() not in part
    assert TOKEN not in ours.log_text()
    for path in ("/info", "/metrics", "/openapi.json", "/v1/models"):
        assert TOKEN.encode() not in ours.get(path).body
    assert any(a.headers.get("Authorization") == f"Bearer {TOKEN}" for a in hub.asked)
    assert all("Authorization" not in a.headers for a in hub.asked if a.host == "store")


# ---- caches that others write and read ----

GET_SNAPSHOT = """
import sys
from huggingface_hub import snapshot_download
print(snapshot_download(sys.argv[1], local_files_only=sys.argv[2] == "offline"))
"""
LOOK = """
import json, sys
from huggingface_hub import scan_cache_dir, try_to_load_from_cache
info = scan_cache_dir()
repo, = info.repos
print(json.dumps({
    "warnings": [str(w) for w in info.warnings],
    "repo": [repo.repo_id, repo.repo_type, sorted(repo.refs)],
    "files": sorted(f.file_name for r in repo.revisions for f in r.files),
    "path": try_to_load_from_cache(sys.argv[1], "1_Pooling/config.json"),
}))
"""


def run_hub_client(source, hub, cache, tmp_path, *arguments):
    done = subprocess.run(
        [clients.python_with("huggingface_hub"), "-c", source, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **hub.environment(cache)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_cache_of_huggingface_hub_is_served_offline_without_a_write(start, hub, cache, tmp_path, server):
    path = run_hub_client(GET_SNAPSHOT, hub, cache, tmp_path, NAME, "online")
    assert path.endswith(f"models--acme--tiny/snapshots/{COMMIT}")
    make_read_only(cache)
    before = listing(cache)
    hub.asked.clear()
    ours = start(NAME, env=hub.environment(cache, HF_HUB_OFFLINE="1")).wait_ready()
    assert expected(ours) == expected(server)
    assert not hub.asked and listing(cache) == before
    for given in (cache, cache / "models--acme--tiny", path):
        named = start(given, env={"HF_HUB_OFFLINE": "1"}).wait_ready()
        assert named.get("/v1/models").json()["data"][0]["id"] == "tiny"


def test_cache_of_huggingface_hub_needs_no_download(start, hub, cache, tmp_path):
    run_hub_client(GET_SNAPSHOT, hub, cache, tmp_path, NAME, "online")
    hub.asked.clear()
    start(NAME, env=hub.environment(cache)).wait_ready()
    assert hub.count("hub", "/resolve/") == 0 and hub.count("store", "") == 0


def test_half_a_cache_of_huggingface_hub_is_made_whole(start, hub, cache, tmp_path, server):
    path = run_hub_client(GET_SNAPSHOT, hub, cache, tmp_path, NAME, "online")
    os.unlink(f"{path}/tokenizer.json")
    hub.asked.clear()
    offline = start(NAME, env=hub.environment(cache, HF_HUB_OFFLINE="1"))
    assert offline.wait() == 2 and "tokenizer.json" in offline.log_text()
    ours = start(NAME, env=hub.environment(cache)).wait_ready()
    assert expected(ours) == expected(server)
    assert hub.count("hub", "/resolve/") == 0, "the blob was there still"


def test_our_cache_is_read_by_huggingface_hub(binary, hub, cache, tmp_path, files):
    command = [binary, "--model-id", NAME, "--download-only"]
    subprocess.run(command, env=environment(hub.environment(cache)), check=True, capture_output=True)
    hub.asked.clear()
    path = pathlib.Path(run_hub_client(GET_SNAPSHOT, hub, cache, tmp_path, NAME, "offline"))
    for name, content in files.items():
        assert (path / name).read_bytes() == content
    seen = json.loads(run_hub_client(LOOK, hub, cache, tmp_path, NAME))
    assert seen["warnings"] == [] and seen["repo"] == [NAME, "model", ["main"]]
    assert seen["path"] == str(path / "1_Pooling" / "config.json")
    assert len(seen["files"]) == len(files) and not hub.asked
    run_hub_client(GET_SNAPSHOT, hub, cache, tmp_path, NAME, "online")
    assert hub.count("store", "") == 0, "it downloads nothing that is there"
