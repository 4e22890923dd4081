# SPDX-License-Identifier: Apache-2.0
"""A model by its name, got with --download-only from a hub that does what hubs and networks do."""

import contextlib
import os
import pathlib
import random
import re
import signal
import ssl
import stat
import subprocess
import time

import pytest

from fake_hub import COMMIT, TOKEN, FakeHub, git_hash
from harness import environment, run_to_end

NAME = "acme/tiny"
OTHER = "5617a9f61b028005a4858fdac845db406aefb181"
WEIGHTS = random.Random(7).randbytes(3_000_000)
FILES = {
    ".gitattributes": b"*.safetensors filter=lfs",
    "1_Pooling/config.json": b'{"pooling_mode_mean_tokens": true}',
    "README.md": b"# Tiny\n",
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": WEIGHTS,
    "modules.json": b'[{"path": ""}, {"path": "1_Pooling"}]',
    "onnx/model.onnx": b"not needed",
    "pytorch_model.bin": b"not needed",
    "tokenizer.json": b"{}",
}
WANTED = sorted(
    set(FILES) - {".gitattributes", "onnx/model.onnx", "pytorch_model.bin"}
)


@pytest.fixture
def hub():
    fake = FakeHub()
    fake.add(NAME, FILES)
    yield fake
    fake.close()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def get(binary, hub, cache, *options, **more):
    options = ("--model-id", NAME, "--download-only", *options)
    return run_to_end(binary, *options, env=hub.environment(cache, **more), timeout=120)


def snapshot(cache, commit=COMMIT):
    return cache / "models--acme--tiny" / "snapshots" / commit


def blobs(cache):
    return cache / "models--acme--tiny" / "blobs"


def assert_whole(cache, commit=COMMIT):
    found = {
        str(p.relative_to(snapshot(cache, commit))): p.read_bytes()
        for p in snapshot(cache, commit).rglob("*")
        if p.is_file()
    }
    assert found == {path: FILES[path] for path in WANTED}
    assert not list(blobs(cache).glob("*.incomplete"))


def assert_refused(done, *words, status=1):
    lines = done.stderr.splitlines()
    assert done.returncode == status and not done.stdout, done
    for word in words:
        assert word in lines[-1 - ("Try " in lines[-1])], done.stderr


def test_only_what_is_needed_is_got_and_laid_out_as_huggingface_hub_does(binary, hub, cache):
    done = get(binary, hub, cache)
    assert done.returncode == 0, done
    assert_whole(cache)
    assert str(snapshot(cache)) in done.stderr
    assert (cache / "models--acme--tiny" / "refs" / "main").read_text() == COMMIT
    for path in WANTED:
        link = snapshot(cache) / path
        depth = path.count("/") + 2
        assert link.is_symlink()
        assert os.readlink(link) == "../" * depth + "blobs/" + hub.repositories[NAME].etag(path)
    assert (cache / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert not (cache / "models--acme--tiny" / "trees").exists()


def test_second_start_downloads_nothing(binary, hub, cache):
    get(binary, hub, cache)
    hub.asked.clear()
    assert get(binary, hub, cache).returncode == 0
    assert hub.count("hub", "/resolve/") == 0 and hub.count("store", "") == 0


def test_pinned_commit_is_not_looked_up(binary, hub, cache):
    done = get(binary, hub, cache, "--revision", COMMIT)
    assert done.returncode == 0, done
    assert_whole(cache)
    assert hub.count("hub", "/revision/") == 0
    assert not (cache / "models--acme--tiny" / "refs").exists()


def test_new_commit_takes_what_is_the_same_from_the_old(binary, hub, cache):
    get(binary, hub, cache)
    hub.add(NAME, {**FILES, "config.json": b'{"model_type": "other"}'}, commit=OTHER)
    hub.asked.clear()
    done = get(binary, hub, cache)
    assert done.returncode == 0
    assert f"getting {NAME} at {OTHER[:12]} from {hub.url}: 0 KB" in done.stderr, "26 bytes are to come"
    assert (snapshot(cache, OTHER) / "config.json").read_bytes() == b'{"model_type": "other"}'
    assert (snapshot(cache) / "config.json").read_bytes() == FILES["config.json"]
    assert hub.count("hub", "/resolve/") == 1 and hub.count("store", "") == 0
    assert (cache / "models--acme--tiny" / "refs" / "main").read_text() == OTHER


def test_lists_come_in_pages(binary, hub, cache):
    hub.page_entries = 2
    assert get(binary, hub, cache).returncode == 0
    assert_whole(cache)
    assert hub.count("hub", "/tree/") > 3


def test_shards_are_got_by_their_index(binary, hub, cache):
    files = {
        "config.json": b"{}",
        "model-00001-of-00002.safetensors": b"one",
        "model-00002-of-00002.safetensors": b"two",
        "model.safetensors.index.json": b'{"weight_map": {}}',
        "pytorch_model-00001-of-00001.bin": b"no",
    }
    hub.add(NAME, files)
    assert get(binary, hub, cache).returncode == 0
    found = {p.name for p in snapshot(cache).iterdir()}
    assert found == set(files) - {"pytorch_model-00001-of-00001.bin"}


# ---- what hubs answer ----


def test_missing_model(binary, hub, cache):
    done = run_to_end(binary, "--model-id", "acme/nope", "--download-only", env=hub.environment(cache))
    assert_refused(done, "acme/nope", "no folder", hub.url, "check the name", "HF_TOKEN")
    assert not cache.exists()


def test_missing_revision(binary, hub, cache):
    assert_refused(get(binary, hub, cache, "--revision", "v9"), NAME, "v9", "--revision")


def gated(status):
    return lambda handler: handler.refuse(status, "GatedRepo", f"Access to model {NAME} is restricted.")


def test_gated_model_without_a_token(binary, hub, cache):
    hub.fail("hub", "/resolve/", gated(401), times=99)
    assert_refused(get(binary, hub, cache), "gated", f"{hub.url}/{NAME}", "HF_TOKEN", "--hf-token")


def test_gated_model_with_a_token_that_may_not(binary, hub, cache):
    hub.fail("hub", "/resolve/", gated(403), times=99)
    assert_refused(get(binary, hub, cache, HF_TOKEN=TOKEN), "gated", "ask for access", f"{hub.url}/{NAME}")


def test_wrong_token(binary, hub, cache):
    message = "Invalid credentials in Authorization header"
    hub.fail("hub", "", lambda handler: handler.refuse(401, "", message), times=99)
    done = get(binary, hub, cache, HF_TOKEN=TOKEN)
    assert_refused(done, "does not take the token", "/settings/tokens")
    assert TOKEN not in done.stderr


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_busy_hub_is_asked_again(binary, hub, cache, status):
    later = {"Retry-After": "1"}
    hub.fail("hub", "/api/models", lambda handler: handler.refuse(status, headers=later))
    hub.fail("store", "", lambda handler: handler.refuse(status, headers=later))
    began = time.monotonic()
    done = get(binary, hub, cache)
    assert done.returncode == 0, done
    assert_whole(cache)
    assert time.monotonic() - began >= 2, "each waits for the second that it was told"
    assert len(re.findall(rf"it answered {status}; trying again in [12]\.\d s", done.stderr)) == 2, done.stderr


def test_hub_that_is_busy_for_long_is_given_up(binary, hub, cache):
    later = {"Retry-After": "3600"}
    hub.fail("hub", "", lambda handler: handler.refuse(429, headers=later), times=99)
    assert_refused(get(binary, hub, cache), "429", "token")
    assert len(hub.asked) == 1


def test_no_hub_at_all(binary, hub, cache):
    hub.fail("hub", "", lambda handler: handler.connection.close(), times=99)
    hub.close()
    done = run_to_end(
        binary, "--model-id", NAME, "--download-only", env=hub.environment(cache), timeout=120
    )
    assert_refused(done, NAME, "cannot be had", "HTTPS_PROXY")
    assert done.stderr.count("trying again") == 4


def test_page_that_is_no_hub_s(binary, hub, cache):
    hub.fail("hub", "/api/", lambda handler: handler.send(200, b"<html>Sign in</html>"), times=99)
    assert_refused(get(binary, hub, cache), "HF_ENDPOINT")


def test_model_without_safetensors(binary, hub, cache):
    hub.add(NAME, {"config.json": b"{}", "pytorch_model.bin": b"x" * 1000})
    assert_refused(get(binary, hub, cache), "safetensors", "pytorch_model.bin")
    assert hub.count("hub", "/resolve/") == 0


def test_paths_that_lead_elsewhere_are_not_followed(binary, hub, cache, tmp_path):
    evil = {
        **FILES,
        "../../../../escaped": b"evil",
        "1_Pooling/../../../../../escaped": b"evil",
        str(tmp_path / "escaped"): b"evil",
    }
    hub.add(NAME, evil)
    assert get(binary, hub, cache).returncode == 0
    assert_whole(cache)
    assert not list(tmp_path.rglob("escaped"))


def test_modules_that_lead_elsewhere_are_refused(binary, hub, cache):
    hub.add(NAME, {**FILES, "modules.json": b'[{"path": "../../../x"}]'})
    assert_refused(get(binary, hub, cache), "modules.json", "path")


# ---- what happens on the way ----


def cut(n_bytes):
    """A reply that promises all of it and ends after n_bytes."""

    def answer(handler):
        content = WEIGHTS[int(handler.headers.get("Range", "bytes=0-")[6:-1]) :]
        handler.send_response(206 if "Range" in handler.headers else 200)
        handler.send_header("Content-Length", str(len(content)))
        if "Range" in handler.headers:
            start = len(WEIGHTS) - len(content)
            handler.send_header("Content-Range", f"bytes {start}-{len(WEIGHTS) - 1}/{len(WEIGHTS)}")
        handler.end_headers()
        handler.wfile.write(content[:n_bytes])
        handler.wfile.flush()
        handler.close_connection = True

    return answer


def test_cut_connection_is_gone_on_with(binary, hub, cache):
    hub.fail("store", "", cut(1_000_000), times=2)
    done = get(binary, hub, cache)
    assert done.returncode == 0, done
    assert_whole(cache)
    ranges = [a.headers.get("Range") for a in hub.asked if a.host == "store"]
    assert ranges == [None, "bytes=1000000-", "bytes=2000000-"]


def test_host_without_ranges_that_never_gets_to_the_end_is_given_up(binary, hub, cache):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(WEIGHTS)))
        handler.send_header("Retry-After", "1")
        handler.end_headers()
        handler.wfile.write(WEIGHTS[:1_000_000])
        handler.wfile.flush()
        handler.close_connection = True

    hub.fail("store", "", answer, times=12)
    assert_refused(get(binary, hub, cache), NAME, "cannot be had")
    assert hub.count("store", "") == 5


def test_what_an_earlier_start_left_is_gone_on_with(binary, hub, cache):
    etag = hub.repositories[NAME].etag("model.safetensors")
    blobs(cache).mkdir(parents=True)
    (blobs(cache) / f"{etag}.incomplete").write_bytes(WEIGHTS[:1_234_567])
    assert get(binary, hub, cache).returncode == 0
    assert_whole(cache)
    assert [a.headers.get("Range") for a in hub.asked if a.host == "store"] == ["bytes=1234567-"]


@pytest.mark.parametrize("left", [b"wrong" * 100_000, WEIGHTS + b"more"], ids=["wrong", "too long"])
def test_what_an_earlier_start_left_is_checked(binary, hub, cache, left):
    etag = hub.repositories[NAME].etag("model.safetensors")
    blobs(cache).mkdir(parents=True)
    (blobs(cache) / f"{etag}.incomplete").write_bytes(left)
    assert get(binary, hub, cache).returncode == 0
    assert_whole(cache)


def test_host_without_ranges_sends_all_of_it_again(binary, hub, cache):
    def answer(handler):
        if "Range" not in handler.headers:
            return False
        handler.send(200, WEIGHTS)

    hub.fail("store", "", cut(1_000_000))
    hub.fail("store", "", answer)
    assert get(binary, hub, cache).returncode == 0
    assert_whole(cache)


@pytest.mark.parametrize(
    "bad",
    [
        WEIGHTS[:-1] + b"\0",
        b"\0" * len(WEIGHTS),
        WEIGHTS + b"more",
    ],
    ids=["one byte", "zeros", "too many"],
)
def test_wrong_bytes_are_not_taken(binary, hub, cache, bad):
    hub.fail("store", "", lambda handler: handler.send(200, bad), times=99)
    assert_refused(get(binary, hub, cache), "model.safetensors", "sha256", "not what it lists")
    assert not (snapshot(cache) / "model.safetensors").exists()
    assert not list(blobs(cache).glob(hub.repositories[NAME].etag("model.safetensors") + "*"))
    assert hub.count("store", "") == 2


def test_wrong_bytes_once_are_got_anew(binary, hub, cache):
    hub.fail("store", "", lambda handler: handler.send(200, b"\0" * len(WEIGHTS)))
    assert get(binary, hub, cache).returncode == 0
    assert_whole(cache)


def test_wrong_small_file_is_not_taken(binary, hub, cache):
    bad = b"?" * len(FILES["config.json"])
    hub.fail("hub", "/resolve/.*/config.json$", lambda handler: handler.send(200, bad), times=99)
    assert_refused(get(binary, hub, cache), "config.json", "git hash")


@contextlib.contextmanager
def mounted(cache, *options):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    cache.mkdir(exist_ok=True)
    if subprocess.run(["mount", *options, cache], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", cache], check=True)


def small_disk(cache, size):
    return mounted(cache, "-t", "tmpfs", "-o", f"size={size}", "none")


def test_full_disk_is_foreseen(binary, hub, cache):
    with small_disk(cache, "1m"):
        done = get(binary, hub, cache)
    assert_refused(done, str(cache), "3,000 KB are needed", "are free", "--huggingface-hub-cache")
    assert hub.count("store", "") == 0


def test_room_is_needed_only_for_what_is_not_there(binary, hub, cache):
    with small_disk(cache, "4m"):
        assert get(binary, hub, cache).returncode == 0
        hub.add(NAME, {**FILES, "config.json": b'{"model_type": "other"}'}, commit=OTHER)
        done = get(binary, hub, cache)
        assert done.returncode == 0 and (snapshot(cache, OTHER) / "model.safetensors").exists(), done


def test_disk_that_fills_up(binary, hub, cache):
    """By a limit on a file's size, which a write meets in the same way."""
    command = f'ulimit -f 1000; exec {binary} --model-id {NAME} --download-only'
    done = subprocess.run(
        ["bash", "-c", command], env=environment(hub.environment(cache)), capture_output=True, text=True
    )
    assert_refused(done, ".incomplete", "File too large")
    assert get(binary, hub, cache).returncode == 0
    assert_whole(cache)
    assert [a.headers.get("Range") for a in hub.asked if a.host == "store"][-1] == "bytes=1024000-"


def test_disk_that_others_fill_meanwhile(binary, hub, cache):
    filler = cache / "filler"

    def fill(_):
        """There was room when the download began: now there is 1 MiB."""
        free = os.statvfs(cache)
        filler.write_bytes(bytes(free.f_bavail * free.f_frsize - (1 << 20)))
        return False  # the store then answers as always

    with small_disk(cache, "8m"):
        hub.fail("store", "", fill)
        done = get(binary, hub, cache)
        assert_refused(done, ".incomplete", "the disk is full; make room", "what has come is kept")
        filler.unlink()
        assert get(binary, hub, cache).returncode == 0
        assert_whole(cache)
        start = int([a.headers.get("Range") for a in hub.asked if a.host == "store"][-1][len("bytes=") : -1])
        assert 900_000 < start <= 1 << 20


def make_read_only(top):
    for path in [top, *top.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)


@contextlib.contextmanager
def read_only(cache):
    make_read_only(cache)
    if os.geteuid() != 0:
        yield
        return
    with mounted(cache, "--bind", cache):
        subprocess.run(["mount", "-o", "remount,bind,ro", cache], check=True)
        yield


def test_cache_that_may_not_be_written(binary, hub, cache, tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(get(binary, hub, tmp_path / "file"), "Not a directory")
    cache.mkdir()
    with read_only(cache):
        done = get(binary, hub, cache)
    assert_refused(done, str(cache), "cannot be written", "--huggingface-hub-cache")


def test_killed_in_the_middle_and_started_again(binary, hub, cache):
    hub.piece_bytes, hub.piece_pause_s = 50_000, 0.02
    first = subprocess.Popen(
        [binary, "--model-id", NAME, "--download-only"],
        env=environment(hub.environment(cache)),
        stderr=subprocess.PIPE,
    )
    incomplete = blobs(cache) / (hub.repositories[NAME].etag("model.safetensors") + ".incomplete")
    wait_until(lambda: incomplete.exists() and incomplete.stat().st_size > 300_000)
    first.kill()
    first.wait()
    first.stderr.close()
    assert not (snapshot(cache) / "model.safetensors").exists()
    hub.piece_bytes, hub.piece_pause_s = 1 << 20, 0
    time.sleep(0.2)
    done = get(binary, hub, cache)
    assert done.returncode == 0, done
    assert_whole(cache)
    assert int([a for a in hub.asked if a.host == "store"][-1].headers["Range"][6:-1]) > 300_000


def wait_until(condition, timeout=30):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.02)


def test_two_starts_at_once_download_once(binary, hub, cache):
    hub.piece_bytes, hub.piece_pause_s = 100_000, 0.02
    both = [
        subprocess.Popen(
            [binary, "--model-id", NAME, "--download-only"],
            env=environment(hub.environment(cache)),
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    logs = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], logs
    assert_whole(cache)
    assert hub.count("store", "") == 1
    assert hub.count("hub", "/resolve/") == len(WANTED)
    assert "another process is getting it" in "".join(logs)


def test_blob_that_another_process_finishes_first(binary, hub, cache):
    """As where locks do nothing, and both write ETAG.incomplete."""
    hub.piece_bytes, hub.piece_pause_s = 100_000, 0.05
    process = subprocess.Popen(
        [binary, "--model-id", NAME, "--download-only"],
        env=environment(hub.environment(cache)),
        stderr=subprocess.PIPE,
        text=True,
    )
    blob = blobs(cache) / hub.repositories[NAME].etag("model.safetensors")
    incomplete = blob.with_name(blob.name + ".incomplete")
    wait_until(incomplete.exists)
    incomplete.unlink()
    blob.write_bytes(WEIGHTS)
    log = process.communicate(timeout=60)[1]
    assert process.returncode == 0, log
    assert_whole(cache)


def test_sigterm_ends_it_at_once(binary, hub, cache):
    hub.piece_bytes, hub.piece_pause_s = 1000, 0.05
    process = subprocess.Popen(
        [binary, "--model-id", NAME, "--download-only"], env=environment(hub.environment(cache))
    )
    wait_until(lambda: hub.count("store", "") == 1)
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    assert time.monotonic() - began < 1
    assert len(children) == 1
    wait_until(lambda: not pathlib.Path(f"/proc/{children[0]}/fd").exists() or zombie(children[0]), 5)


def zombie(pid):
    return "State:\tZ" in pathlib.Path(f"/proc/{pid}/status").read_text()


# ---- the token ----


@pytest.mark.parametrize("way", ["flag", "variable", "old variable", "own variable", "TEI's flag", "TEI's variable", "file"])
def test_token_is_shown_to_the_hub_alone(binary, hub, cache, tmp_path, way):
    hub.add(NAME, FILES, private=True)
    (tmp_path / "token").write_text(TOKEN + "\n")
    options, more = {
        "flag": (["--hf-token", TOKEN], {}),
        "variable": ([], {"HF_TOKEN": TOKEN}),
        "old variable": ([], {"HUGGING_FACE_HUB_TOKEN": TOKEN}),
        "own variable": ([], {"NESTD_HF_TOKEN": TOKEN}),
        "TEI's flag": (["--hf-api-token", TOKEN], {}),
        "TEI's variable": ([], {"HF_API_TOKEN": TOKEN}),
        "file": ([], {"HF_TOKEN_PATH": str(tmp_path / "token")}),
    }[way]
    done = get(binary, hub, cache, *options, **more)
    assert done.returncode == 0, done
    assert_whole(cache)
    for asked in hub.asked:
        wanted = f"Bearer {TOKEN}" if asked.host == "hub" else None
        assert asked.headers.get("Authorization") == wanted, asked
        assert TOKEN not in asked.path
    assert TOKEN not in done.stderr


def test_redirects_within_the_hub_keep_the_token(binary, hub, cache):
    def answer(handler):
        handler.send(307, headers={"Location": handler.path.replace("/api/models/old/", "/api/models/acme/")})

    hub.add(NAME, FILES, private=True)
    hub.fail("hub", "^/api/models/old/", answer, times=99)
    hub.fail("hub", "^/old/", lambda h: h.send(307, headers={"Location": h.path.replace("/old/", "/acme/")}), 99)
    options = ("--model-id", "old/tiny", "--download-only", "--hf-token", TOKEN)
    done = run_to_end(binary, *options, env=hub.environment(cache))
    assert done.returncode == 0, done
    assert (cache / "models--old--tiny" / "snapshots" / COMMIT / "model.safetensors").exists()


def test_redirects_in_a_circle_end(binary, hub, cache):
    hub.fail("hub", "", lambda h: h.send(302, headers={"Location": h.path}), times=999)
    assert_refused(get(binary, hub, cache), "302")
    assert len(hub.asked) < 20


def test_other_schemes_are_not_followed(binary, hub, cache, tmp_path):
    (tmp_path / "secret").write_bytes(WEIGHTS)
    location = {"Location": f"file://{tmp_path}/secret"}
    hub.fail("hub", "/resolve/.*model.safetensors", lambda h: h.send(302, headers=location), times=99)
    assert_refused(get(binary, hub, cache), "302")


# ---- proxies and TLS ----


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_proxy_is_asked(binary, hub, cache, variable):
    """The fake hub is the proxy, and the hub's own address leads nowhere."""
    done = get(binary, hub, cache, HF_ENDPOINT="http://hub.invalid", **{variable: hub.url})
    assert done.returncode == 0, done
    assert_whole(cache)
    assert all(a.path.startswith("http://hub.invalid/") for a in hub.asked if a.host == "hub")


def tls_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


@pytest.fixture
def tls_hub(certificate):
    fake = FakeHub(tls=tls_of(certificate), store_tls=tls_of(certificate))
    fake.add(NAME, FILES)
    yield fake
    fake.close()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificates_of_a_hub_of_one_s_own(binary, tls_hub, cache, certificate, variable):
    done = get(binary, tls_hub, cache, **{"SSL_CERT_FILE": "", variable: str(certificate.certificate)})
    assert done.returncode == 0, done
    assert_whole(cache)


def test_certificate_that_nobody_vouches_for(binary, tls_hub, cache):
    done = get(binary, tls_hub, cache)
    assert_refused(done, "certificate")
    assert not tls_hub.asked and "trying again" not in done.stderr


def test_no_redirect_leads_from_https_to_http(binary, cache, certificate):
    hub = FakeHub(tls=tls_of(certificate))
    hub.add(NAME, FILES)
    done = get(binary, hub, cache, SSL_CERT_FILE=str(certificate.certificate))
    hub.close()
    assert_refused(done, "302")
    assert hub.count("store", "") == 0


# ---- without the hub ----


def listing(top):
    return {
        str(p): (p.lstat().st_mtime_ns, stat.S_IMODE(p.lstat().st_mode)) for p in [top, *top.rglob("*")]
    }


def test_offline_takes_what_the_cache_has(binary, hub, cache):
    get(binary, hub, cache)
    make_read_only(cache)
    before = listing(cache)
    hub.asked.clear()
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        done = get(binary, hub, cache, **{variable: "1"})
        assert done.returncode == 0, done
    assert not hub.asked and listing(cache) == before


def test_offline_without_the_model(binary, hub, cache):
    done = get(binary, hub, cache, HF_HUB_OFFLINE="1")
    assert_refused(done, NAME, str(cache), "HF_HUB_OFFLINE", status=2)


def test_offline_with_half_the_model(binary, hub, cache):
    get(binary, hub, cache)
    (snapshot(cache) / "model.safetensors").unlink()
    assert_refused(get(binary, hub, cache, HF_HUB_OFFLINE="1"), "not whole", "safetensors", status=2)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_hub_that_cannot_be_asked_is_replaced_by_the_cache(binary, hub, cache, status):
    get(binary, hub, cache)
    hub.fail("hub", "", lambda handler: handler.refuse(status), times=99)
    began = time.monotonic()
    done = get(binary, hub, cache)
    assert done.returncode == 0, done
    assert "which is in the cache" in done.stderr
    assert time.monotonic() - began < 5


def test_read_only_cache_that_is_whole_is_not_written(binary, hub, cache):
    get(binary, hub, cache)
    make_read_only(cache)
    before = listing(cache)
    assert get(binary, hub, cache).returncode == 0
    assert listing(cache) == before


def test_read_only_cache_serves_what_it_has_where_the_revision_has_moved(binary, hub, cache):
    get(binary, hub, cache)
    hub.add(NAME, {**FILES, "config.json": b'{"model_type": "other"}'}, commit=OTHER)
    with read_only(cache):
        before = listing(cache)
        done = get(binary, hub, cache)
        assert listing(cache) == before
    assert done.returncode == 0 and str(snapshot(cache)) in done.stderr, done
    assert "cannot be written" in done.stderr, done
    assert f"serving commit {COMMIT[:12]}" in done.stderr, done


def test_new_commit_that_cannot_be_got_leaves_the_old_one_served(binary, hub, cache):
    get(binary, hub, cache)
    hub.add(NAME, {**FILES, "config.json": b'{"model_type": "other"}'}, commit=OTHER)
    hub.fail("hub", "/resolve/", lambda handler: handler.refuse(403), times=99)
    done = get(binary, hub, cache)
    assert done.returncode == 0 and f"serving commit {COMMIT[:12]}" in done.stderr, done
    assert (cache / "models--acme--tiny" / "refs" / "main").read_text() == COMMIT


def test_git_hash_is_git_s(tmp_path):
    """The fake hub's hashes are those that git would give."""
    (tmp_path / "file").write_bytes(FILES["README.md"])
    said = subprocess.run(["git", "hash-object", tmp_path / "file"], capture_output=True, text=True)
    assert said.stdout.strip() == git_hash(FILES["README.md"])
