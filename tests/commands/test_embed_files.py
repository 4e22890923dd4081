# SPDX-License-Identifier: Apache-2.0
"""nestd embed, as its users have it: files of texts in, files of vectors out. A server's replies are
the oracle for the vectors, NumPy for the files."""

import base64
import contextlib
import gzip
import json
import os
import random
import resource
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from harness import SANITIZER_REPORT, Server, environment

make_random_model = pytest.importorskip("make_random_model")

WORDS = "cat dog house river stone music learning deep water light sea tree bird road hand".split()


def make_model(folder, *arguments):
    vocabulary = folder / "words.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *'q:,"{}']) + "\n")
    sizes = ["--vocab-file", vocabulary, "--normalize", *arguments]
    make_random_model.make([str(folder / "model"), *map(str, sizes)])
    return folder / "model"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    prompts = ["--prompt", "query=q: ", "--prompt", "document="]
    return make_model(tmp_path_factory.mktemp("tiny"), "--hidden", "32", "--heads", "4", *prompts)


@pytest.fixture(scope="module")
def tiny_server(servers, tiny):
    return servers(tiny, "--dtype", "float32")


def texts_of(n, seed=1):
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(1, 9))) for _ in range(n)]


@pytest.fixture
def embed(binary, tiny, tmp_path):
    """Runs to the end in tmp_path; checks the exit status."""

    def run(*arguments, exits=0, stdin=None, model=tiny, env=None, before=None):
        source = ["--model-id", model, "--dtype", "float32"] if model else []
        done = subprocess.run(
            [binary, "embed", *map(str, [*source, *arguments])],
            cwd=tmp_path,
            env=environment(env),
            input=stdin,
            capture_output=True,
            timeout=300,
            preexec_fn=before,
        )
        done.log = done.stderr.decode("utf-8", "replace")
        assert not SANITIZER_REPORT.search(done.log), done.log
        assert done.returncode == exits, done.log
        return done

    return run


def server_vectors(server, texts, **fields):
    data = server.embed(input=texts, encoding_format="base64", **fields)["data"]
    return np.stack([np.frombuffer(base64.b64decode(item["embedding"]), "<f4") for item in data])


def server_bytes(server, texts, dtype, **fields):
    data = server.embed(input=texts, output_dtype=dtype, **fields)["data"]
    return np.array([item["embedding"] for item in data], np.int64)


def read_ids(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


# ---- formats ----


def test_vectors_are_the_servers_bit_for_bit(embed, tiny_server, tmp_path):
    texts = texts_of(500)
    (tmp_path / "t.txt").write_text("".join(f"{text}\n" for text in texts))
    embed("-i", "t.txt", "-o", "v.npy")
    found = np.load(tmp_path / "v.npy")
    assert found.dtype == np.float32 and found.flags.c_contiguous
    assert found.tobytes() == server_vectors(tiny_server, texts).tobytes()
    assert read_ids(tmp_path / "v.npy.ids.jsonl") == list(range(1, 501))
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "binary", "ubinary"])
@pytest.mark.parametrize("dimensions", [None, 19])
def test_packed_numbers_are_the_servers(embed, tiny_server, tmp_path, dtype, dimensions):
    texts = texts_of(100, seed=2)
    (tmp_path / "t.txt").write_text("\n".join(texts))
    more = ["--dimensions", dimensions] if dimensions else []
    fields = {"dimensions": dimensions} if dimensions else {}
    embed("-i", "t.txt", "-o", "v.npy", "--output-dtype", dtype, *more)
    found = np.load(tmp_path / "v.npy")
    assert found.dtype == (np.uint8 if dtype in ("uint8", "ubinary") else np.int8)
    np.testing.assert_array_equal(found, server_bytes(tiny_server, texts, dtype, **fields))
    if dtype == "ubinary":
        bits = np.packbits(server_vectors(tiny_server, texts, **fields) > 0, axis=1)
        np.testing.assert_array_equal(found, bits)


def test_float16_is_numpys(embed, tiny_server, tmp_path):
    texts = texts_of(300, seed=3)
    (tmp_path / "t.txt").write_text("\n".join(texts))
    embed("-i", "t.txt", "-o", "v.npy", "--output-dtype", "float16")
    found = np.load(tmp_path / "v.npy")
    assert found.dtype == np.float16
    assert found.tobytes() == server_vectors(tiny_server, texts).astype("<f2").tobytes()


def test_jsonl_in_and_out_with_prompt_and_dimensions(embed, tiny_server, tmp_path):
    texts = texts_of(70, seed=4)
    with gzip.open(tmp_path / "t.jsonl.gz", "wt") as file:
        for i, text in enumerate(texts):
            file.write(json.dumps({"_id": f'd"{i}\n', "text": text}) + "\n")
    embed("-i", "t.jsonl.gz", "-o", "v.jsonl", "--prompt-name", "query", "--dimensions", 8)
    rows = read_ids(tmp_path / "v.jsonl")
    assert [row["id"] for row in rows] == [f'd"{i}\n' for i in range(70)]
    found = np.array([row["embedding"] for row in rows], np.float32)
    expected = server_vectors(tiny_server, texts, prompt_name="query", dimensions=8)
    assert found.tobytes() == expected.tobytes()
    assert not (tmp_path / "v.jsonl.ids.jsonl").exists()


def test_csv_with_quotes_and_several_fields(embed, tiny_server, tmp_path):
    (tmp_path / "t.csv").write_text('id,title,text\n7,cat,"dog, ""house""\nriver"\n8,deep,sea\n')
    embed("-i", "t.csv", "-o", "v.npy", "--text-field", "title,text")
    expected = server_vectors(tiny_server, ['cat dog, "house"\nriver', "deep sea"])
    assert np.load(tmp_path / "v.npy").tobytes() == expected.tobytes()
    assert read_ids(tmp_path / "v.npy.ids.jsonl") == ["7", "8"]


def test_stdin_to_stdout(embed, tiny_server):
    done = embed("-o", "-", stdin=b"cat\ndog\n")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == [1, 2]
    found = np.array([row["embedding"] for row in rows], np.float32)
    assert found.tobytes() == server_vectors(tiny_server, ["cat", "dog"]).tobytes()


def test_no_texts_are_an_empty_array(embed, tiny_server, tmp_path):
    embed("-o", "v.npy", stdin=b"")
    assert np.load(tmp_path / "v.npy").shape == (0, server_vectors(tiny_server, ["cat"]).shape[1])


def test_shards_are_the_whole(embed, tmp_path):
    (tmp_path / "t.txt").write_text("\n".join(texts_of(101)))
    embed("-i", "t.txt", "-o", "whole.npy")
    for i in range(3):
        embed("-i", "t.txt", "-o", f"{i}.npy", "--shard", f"{i}/3")
    whole = np.load(tmp_path / "whole.npy")
    for i in range(3):
        assert np.load(tmp_path / f"{i}.npy").tobytes() == whole[i::3].tobytes()
        assert read_ids(tmp_path / f"{i}.npy.ids.jsonl") == list(range(1 + i, 102, 3))


# ---- bad lines ----

BAD_JSONL = b'{"text": "cat"}\n{"text": }\n{"txt": "dog"}\n{"text": ""}\n{"text": "\xff"}\n[1]\n{"text": "dog"}\n'


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("t.jsonl", b'{"text": "a"}\n{"text": }\n', ["t.jsonl:2:", "JSON"]),
        ("t.jsonl", b'{"text": "a"}\n{"txt": "a"}\n', ["t.jsonl:2:", '"text" is missing']),
        ("t.jsonl", b'{"id": 1, "text": "a"}\n{"text": "a"}\n', ["t.jsonl:2:", '"id" is missing']),
        ("t.jsonl", b'{"id": [1], "text": "a"}\n', ["t.jsonl:1:", '"id" is neither']),
        ("t.txt", b"a\n\xff\n", ["t.txt:2:", "UTF-8"]),
        ("t.txt", b"a\n\nb\n", ["t.txt:2:", "empty"]),
        ("t.csv", b"id,text\n1,a\n2\n", ["t.csv:3:", "1 fields"]),
        ("t.csv", b'id,text\n1,"a\n', ["t.csv:2:", "no end"]),
        ("t.csv", b"id,body\n1,a\n", ["t.csv:1:", '"text"']),
        ("t.txt.gz", gzip.compress(b"cat\n" * 5000, 1)[:-30], ["t.txt.gz:", "too early"]),
        ("t.txt", b"cat " * 40 + b"\n", ["t.txt:1:", "42 tokens", "--auto-truncate"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_record_stops_with_file_and_line(embed, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    more = ["--auto-truncate=false"] if "--auto-truncate" in words else []
    done = embed("-i", name, "-o", "v.npy", *more, exits=1)
    for word in words:
        assert word in done.log, done.log
    assert not (tmp_path / "v.npy").exists()


def test_bad_records_are_left_out_and_counted(embed, tiny_server, tmp_path):
    (tmp_path / "t.jsonl").write_bytes(BAD_JSONL)
    done = embed("-i", "t.jsonl", "-o", "v.npy", "--bad-lines", "skip")
    assert "5 bad records" in done.log
    assert np.load(tmp_path / "v.npy").tobytes() == server_vectors(tiny_server, ["cat", "dog"]).tobytes()
    assert read_ids(tmp_path / "v.npy.ids.jsonl") == [1, 7]
    bad = read_ids(tmp_path / "v.npy.bad.jsonl")
    assert [item["line"] for item in bad] == [2, 3, 4, 5, 6]
    assert all(f"t.jsonl:{item['line']}:" in item["error"] for item in bad)


def test_texts_that_are_too_long_are_left_out_or_cut(embed, tiny_server, tmp_path):
    long = " ".join(WORDS * 3)
    (tmp_path / "t.txt").write_text(f"cat\n{long}\ndog\n")
    done = embed("-i", "t.txt", "-o", "a.npy", "--bad-lines=skip", "--auto-truncate=false")
    assert "1 bad records" in done.log
    assert np.load(tmp_path / "a.npy").tobytes() == server_vectors(tiny_server, ["cat", "dog"]).tobytes()
    done = embed("-i", "t.txt", "-o", "b.npy")
    assert "1 of 3 texts" in done.log and "cut" in done.log
    expected = server_vectors(tiny_server, ["cat", long, "dog"])
    assert np.load(tmp_path / "b.npy").tobytes() == expected.tobytes()


# ---- options ----


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], ["--output FILE"]),
        (["-o", "v.npy", "--port", "1"], ["--port", "nestd serve"]),
        (["-o", "v.npy", "--shard", "3/3"], ["--shard=3/3", "I/N"]),
        (["-o", "v.npy", "--shard", "1"], ["--shard=1"]),
        (["-o", "v.npy", "--output-dtype", "int4"], ["--output-dtype=int4", "float16"]),
        (["-o", "v.npy", "--output-dtype", "int8,binary"], ["one type"]),
        (["-o", "v.jsonl", "--output-dtype", "float16"], ["float16", ".npy"]),
        (["-o", "v.npy", "--dimensions", "8,16"], ["--dimensions"]),
        (["-o", "v.npy", "--dimensions", "9999"], ["--dimensions=9999", "1 to"]),
        (["-o", "v.npy", "--prompt-name", "passage"], ["passage", "query"]),
        (["-o", "-", "--output-format", "npy"], ["--output=-", "file"]),
        (["-o", "-", "--resume"], ["--resume"]),
        (["-o", "v.npy", "--resume", "--overwrite"], ["--resume", "--overwrite"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_wrong_options_exit_with_2(embed, tmp_path, arguments, words):
    done = embed(*arguments, exits=2, stdin=b"cat\n")
    for word in [*words, "nestd embed --help"]:
        assert word in done.log, done.log
    assert not list(tmp_path.iterdir())


def test_missing_input_is_said(embed):
    assert "nowhere.txt: No such file" in embed("-i", "nowhere.txt", "-o", "v.npy", exits=1).log


def test_what_is_there_is_not_overwritten(embed, tmp_path):
    (tmp_path / "v.npy").write_text("dear")
    assert "--overwrite" in embed("-o", "v.npy", stdin=b"cat\n", exits=2).log
    assert "--overwrite" in embed("-o", "v.npy", "--resume", stdin=b"cat\n", exits=2).log
    assert (tmp_path / "v.npy").read_text() == "dear"
    embed("-o", "v.npy", "--overwrite", stdin=b"cat\n")
    assert np.load(tmp_path / "v.npy").shape[0] == 1


# ---- interrupted runs ----


class Run:
    """One that is interrupted."""

    def __init__(self, binary, model, folder, *arguments, **options):
        command = [binary, "embed", "--model-id", model, "--dtype", "float32", "--threads", "1", *arguments]
        self.process = subprocess.Popen(
            list(map(str, command)), cwd=folder, env=environment(), stderr=subprocess.PIPE, **options
        )

    def end(self, number):
        self.process.send_signal(number)
        log = self.process.communicate(timeout=60)[1].decode("utf-8", "replace")
        assert not SANITIZER_REPORT.search(log), log
        return self.process.returncode, log


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    """A model that takes its time."""
    sizes = ["--hidden", "128", "--heads", "4", "--intermediate", "512", "--layers", "4"]
    return make_model(tmp_path_factory.mktemp("slow"), *sizes)


FILES = ["v.npy", "v.npy.ids.jsonl", "v.npy.bad.jsonl", "v.npy.run.json"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, binary, slow):
    """A folder with t.jsonl.gz, some of whose records are bad, and what a run without interruption makes of it."""
    folder = tmp_path_factory.mktemp("corpus")
    lines = [json.dumps({"id": i, "text": text}) for i, text in enumerate(texts_of(12000))]
    lines[7::1000] = ["{"] * len(lines[7::1000])
    with gzip.open(folder / "t.jsonl.gz", "wt") as file:
        file.write("\n".join(lines))
    run = Run(binary, slow, folder, "-i", folder / "t.jsonl.gz", "-o", "v.npy", "--bad-lines=skip")
    began = time.monotonic()
    log = run.process.communicate(timeout=600)[1]
    assert run.process.returncode == 0, log
    return folder, time.monotonic() - began


def test_killed_at_any_moment_and_resumed_is_byte_equal(binary, slow, corpus, tmp_path, rng):
    whole, seconds = corpus
    arguments = ["-i", whole / "t.jsonl.gz", "-o", "v.npy", "--bad-lines=skip"]
    kills = 0
    for _ in range(8):
        run = Run(binary, slow, tmp_path, *arguments, "--resume")
        time.sleep(rng.uniform(0.05, 0.5) * seconds)
        if run.process.poll() is not None:
            break
        if kills < 6:
            run.end(signal.SIGKILL)
            kills += 1
            assert not (tmp_path / "v.npy").exists() or np.load(tmp_path / "v.npy").shape[0] == 11988
        else:
            run.process.communicate(timeout=600)
    log = run.process.communicate(timeout=600)[1] if run.process.returncode is None else b""
    assert run.process.returncode == 0, log
    assert kills >= 2
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes(), name
    assert not list(tmp_path.glob("*.partial"))


def count_saved(folder):
    with contextlib.suppress(OSError, ValueError):
        return json.loads((folder / "v.npy.run.json").read_text())["place"]["rows"]
    return 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_saves_what_is_there_and_says_how_to_go_on(binary, slow, corpus, tmp_path, number):
    whole, seconds = corpus
    arguments = ["-i", whole / "t.jsonl.gz", "-o", "v.npy", "--bad-lines=skip"]
    run = Run(binary, slow, tmp_path, *arguments)
    time.sleep(0.4 * seconds)
    status, log = run.end(number)
    assert status == 128 + number and "--resume" in log, log
    assert count_saved(tmp_path) > 0 and not (tmp_path / "v.npy").exists()
    # Not without being told so, nor as another run.
    for more, word in (
        ([], "--resume"),
        (["--resume", "--output-dtype", "int8"], "output_dtype"),
        (["--resume", "--dimensions", "8"], "dimensions"),
        (["--resume", "--shard", "0/2"], "shard"),
        (["--resume", "--pooling", "cls"], "vector_digest"),
    ):
        again = Run(binary, slow, tmp_path, *arguments, *more)
        log = again.process.communicate(timeout=60)[1].decode()
        assert again.process.returncode in (1, 2) and word in log, log
    again = Run(binary, slow, tmp_path, *arguments, "--resume")
    log = again.process.communicate(timeout=600)[1].decode()
    assert again.process.returncode == 0 and "resuming after" in log, log
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes(), name


def test_resumed_with_another_input_is_refused(binary, slow, corpus, tmp_path):
    whole, seconds = corpus
    texts = texts_of(12000, seed=5)
    (tmp_path / "t.txt").write_text("\n".join(texts))
    run = Run(binary, slow, tmp_path, "-i", "t.txt", "-o", "v.npy")
    time.sleep(0.4 * seconds)
    run.end(signal.SIGTERM)
    assert count_saved(tmp_path) > 0
    (tmp_path / "t.txt").write_text("\n".join(["other", *texts[1:]]))
    again = Run(binary, slow, tmp_path, "-i", "t.txt", "-o", "v.npy", "--resume")
    log = again.process.communicate(timeout=60)[1].decode()
    assert again.process.returncode == 1 and "not those of the interrupted run" in log, log


def test_complete_run_is_left_alone(embed, tmp_path):
    embed("-o", "v.npy", "--resume", stdin=b"cat\n")
    before = (tmp_path / "v.npy").stat()
    done = embed("-o", "v.npy", "--resume", stdin=b"cat\n")
    assert "complete already" in done.log
    assert (tmp_path / "v.npy").stat().st_mtime_ns == before.st_mtime_ns
    assert "output_dtype" in embed("-o", "v.npy", "--resume", "--output-dtype=int8", stdin=b"cat\n", exits=1).log


def test_complete_run_without_its_output_is_refused(embed, tmp_path):
    embed("-o", "v.npy", "--resume", stdin=b"cat\n")
    (tmp_path / "v.npy").unlink()
    assert "v.npy is not there" in embed("-o", "v.npy", "--resume", stdin=b"cat\n", exits=1).log


def test_resumed_with_another_prompt_of_a_server_is_refused(embed, tiny_server):
    run = ["-o", "v.npy", "--resume", "--url", f"http://127.0.0.1:{tiny_server.port}"]
    embed(*run, "--prompt-name", "query", stdin=b"cat\n", model=None)
    assert "prompt_name" in embed(*run, "--prompt-name", "document", stdin=b"cat\n", model=None, exits=1).log


MUCH = b"cat\n" * 20000  # a pipe is read in pieces of 64 KiB


def wait_for_journal(folder):
    deadline = time.monotonic() + 60
    while not (folder / "v.npy.run.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_interrupt_ends_a_read_that_waits(binary, slow, tmp_path):
    run = Run(binary, slow, tmp_path, "-o", "v.npy", stdin=subprocess.PIPE)
    run.process.stdin.write(MUCH)
    run.process.stdin.flush()
    wait_for_journal(tmp_path)
    time.sleep(1)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=20) == 128 + signal.SIGINT
    assert b"--resume" in run.process.stderr.read()
    run.process.stdin.close()
    run.process.stderr.close()


def test_what_cannot_be_saved_after_a_signal_is_said(binary, tiny, tmp_path):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    run = Run(binary, tiny, tmp_path, "-o", "v.npy", stdin=subprocess.PIPE, preexec_fn=limit)
    run.process.stdin.write((b"cat " * 100 + b"\n") * 200)
    run.process.stdin.flush()
    wait_for_journal(tmp_path)
    time.sleep(2)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=20) == 1
    assert b"v.npy.partial: File too large" in run.process.stderr.read()
    run.process.stdin.close()
    run.process.stderr.close()


def test_two_at_once_are_refused(binary, slow, tmp_path, embed):
    run = Run(binary, slow, tmp_path, "-o", "v.npy", stdin=subprocess.PIPE)
    run.process.stdin.write(MUCH)
    run.process.stdin.flush()
    wait_for_journal(tmp_path)
    done = embed("-o", "v.npy", "--overwrite", stdin=b"cat\n", exits=1)
    assert "another nestd embed" in done.log
    run.process.communicate(b"cat\n", timeout=60)
    assert run.process.returncode == 0 and np.load(tmp_path / "v.npy").shape[0] == MUCH.count(b"\n") + 1


# ---- disks ----


def test_full_device_is_said(embed):
    done = embed("-o", "/dev/full", stdin=b"cat\n" * 10, exits=1)
    assert "/dev/full: No space left on device" in done.log


def test_full_disk_is_said_and_a_larger_one_goes_on(embed, tiny_server, tmp_path):
    """A limit on the size of files stands for a disk's: what is written fails half-way in the same way."""
    texts = texts_of(20000, seed=6)
    (tmp_path / "t.txt").write_text("\n".join(texts))

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500000, 1500000))

    done = embed("-i", "t.txt", "-o", "v.npy", exits=1, before=limit)
    assert "v.npy.partial: File too large" in done.log, done.log
    assert not (tmp_path / "v.npy").exists()
    embed("-i", "t.txt", "-o", "v.npy", "--resume")
    found = np.load(tmp_path / "v.npy")
    assert found.shape[0] == 20000
    assert found[:2000].tobytes() == server_vectors(tiny_server, texts[:2000]).tobytes()


def grow(disk, size):
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


@pytest.mark.parametrize("name", ["v.npy", "v.jsonl"])
def test_what_fills_a_disk_is_said_and_goes_on_on_a_larger_one(embed, disk, tmp_path, name):
    (tmp_path / "t.txt").write_text("\n".join(texts_of(5000, seed=9)))
    embed("-i", "t.txt", "-o", name)
    run = ["-i", "t.txt", "-o", f"disk/{name}", "--resume"]
    done = embed(*run, exits=1)
    assert f"disk/{name}.partial: No space left on device" in done.log, done.log
    assert not (disk / name).exists()
    again = embed(*run, exits=1)
    assert "No space left on device" in again.log, again.log
    grow(disk, "8m")
    embed(*run)
    assert (disk / name).read_bytes() == (tmp_path / name).read_bytes()
    assert not list(disk.glob("*.partial"))


def test_a_disk_without_room_for_the_description_of_the_run_is_said(embed, disk):
    (disk / "filler").write_bytes(bytes(64 << 10))
    done = embed("-o", "disk/v.npy", stdin=b"cat\n", exits=1)
    assert "No space left on device" in done.log, done.log
    (disk / "filler").unlink()
    embed("-o", "disk/v.npy", stdin=b"cat\n")
    assert np.load(disk / "v.npy").shape[0] == 1


# ---- readers ----


@pytest.mark.parametrize("is_fifo", [False, True])
def test_a_reader_that_goes_away_ends_the_run(binary, tiny, tmp_path, is_fifo):
    (tmp_path / "t.txt").write_text("\n".join(texts_of(20000, seed=10)))
    if is_fifo:
        os.mkfifo(tmp_path / "out")
    command = [binary, "embed", "--model-id", tiny, "-i", "t.txt", "-o", "out" if is_fifo else "-"]
    run = subprocess.Popen(
        list(map(str, command)), cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    reader = open(tmp_path / "out", "rb") if is_fifo else run.stdout
    assert json.loads(reader.readline())["id"] == 1
    reader.close()
    log = run.stderr.read().decode()
    assert run.wait(timeout=60) == 1
    assert "Broken pipe" in log and "--resume" not in log, log
    assert [path.name for path in tmp_path.glob("out*")] == ["out"] * is_fifo


def test_folder_that_cannot_be_written_is_said(embed):
    assert "nowhere/v.npy" in embed("-o", "nowhere/v.npy", stdin=b"cat\n", exits=1).log


# ---- a server ----


def test_url_gives_the_same_bytes(embed, tiny_server, tmp_path):
    texts = texts_of(300, seed=7)
    (tmp_path / "t.txt").write_text("\n".join(texts))
    url = f"http://127.0.0.1:{tiny_server.port}"
    embed("-i", "t.txt", "-o", "a.npy", "--dimensions", 8, "--prompt-name", "query")
    embed("-i", "t.txt", "-o", "b.npy", "--dimensions", 8, "--prompt-name", "query", "--url", url, model=None)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    embed("-i", "t.txt", "-o", "c.npy", "--output-dtype", "ubinary", "--url", url + "/v1/", model=None)
    np.testing.assert_array_equal(np.load(tmp_path / "c.npy"), server_bytes(tiny_server, texts, "ubinary"))


def test_key_is_taken_from_the_environment(embed, start, tiny, tmp_path):
    server = start(tiny, "--dtype", "float32", "--api-key", "sk-1").wait_listening()
    url = f"http://127.0.0.1:{server.port}"
    done = embed("-o", "v.npy", "--url", url, stdin=b"cat\n", model=None, exits=1)
    assert "401" in done.log and "--api-key" in done.log
    embed("-o", "v.npy", "--url", url, stdin=b"cat\n", model=None, env={"NESTD_API_KEY": "sk-1"})
    assert np.load(tmp_path / "v.npy").shape[0] == 1


def test_certificate_of_a_server_of_one_s_own(embed, start, tiny, tmp_path, certificate):
    server = start(tiny, *certificate.options, trusted=certificate.certificate).wait_ready()
    url = ["-o", "v.npy", "--url", f"https://127.0.0.1:{server.port}"]
    assert "certificate" in embed(*url, stdin=b"cat\n", model=None, exits=1).log
    embed(*url, stdin=b"cat\n", model=None, env={"SSL_CERT_FILE": str(certificate.certificate)})
    assert np.load(tmp_path / "v.npy").shape[0] == 1


def test_server_that_dies_half_way_is_said_and_another_goes_on(binary, slow, embed, tmp_path):
    (tmp_path / "t.txt").write_text("\n".join(texts_of(6000, seed=11)))
    server = Server(binary, slow, "--dtype", "float32", "--threads", "1").wait_ready()
    run = ["-i", "t.txt", "-o", "v.npy", "--resume", "--url-retries", "1", "--url-batch", "16"]
    run += ["--url", f"http://127.0.0.1:{server.port}"]
    process = subprocess.Popen(
        list(map(str, [binary, "embed", *run])), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE
    )
    while process.poll() is None and server.log_text().count("/v1/embeddings") < 60:
        time.sleep(0.02)
    server.signal(signal.SIGKILL)
    server.wait()
    log = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 1 and "tried 2 times" in log and "--resume" in log, log
    n_saved = json.loads((tmp_path / "v.npy.run.json").read_text())["place"]["rows"]
    assert 0 < n_saved < 6000
    server = Server(binary, slow, "--dtype", "float32", port=server.port).wait_ready()
    assert f"resuming after {n_saved} texts" in embed(*run, model=None).log
    server.stop()
    embed("-i", "t.txt", "-o", "whole.npy", model=slow)
    assert (tmp_path / "v.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


class Busy(BaseHTTPRequestHandler):
    """Passes requests on, but is busy every third time."""

    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    n_requests = 0

    def do_GET(self):
        self.answer(self.server.behind.get(self.path))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            type(self).n_requests += 1
            is_busy = self.n_requests % 3 == 0
        if is_busy:
            self.send_response(429)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.answer(self.server.behind.request("POST", self.path, body, {"Content-Type": "application/json"}))

    def answer(self, reply):
        self.send_response(reply.status)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *arguments):
        pass


def test_busy_server_is_waited_for(embed, tiny_server, tmp_path):
    texts = texts_of(200, seed=8)
    (tmp_path / "t.txt").write_text("\n".join(texts))
    busy = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    busy.behind = tiny_server
    threading.Thread(target=busy.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{busy.server_address[1]}"
    done = embed("-i", "t.txt", "-o", "v.npy", "--url", url, "--url-batch", 16, model=None)
    busy.shutdown()
    busy.server_close()
    assert Busy.n_requests > 13 and "trying again" in done.log
    assert np.load(tmp_path / "v.npy").tobytes() == server_vectors(tiny_server, texts).tobytes()


def test_server_that_is_not_there_is_said_at_once(embed):
    began = time.monotonic()
    done = embed("-o", "v.npy", "--url", "http://127.0.0.1:9", stdin=b"cat\n", model=None, exits=1)
    assert "127.0.0.1:9" in done.log and time.monotonic() - began < 10


# ---- memory ----


@pytest.mark.slow
def test_memory_does_not_grow_with_the_input(binary, tiny, tmp_path):
    """Peak resident memory of a hundred times as many lines is that of a few."""

    def measure(n):
        with open(tmp_path / "t.txt", "w", encoding="utf-8") as file:
            file.writelines(f"{text}\n" for text in texts_of(1000) * (n // 1000))
        command = [binary, "embed", "--model-id", tiny, "-i", "t.txt", "-o", f"{n}.npy"]
        with subprocess.Popen(list(map(str, command)), cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL) as run:
            usage = os.wait4(run.pid, 0)[2]
            run.returncode = 0
        assert np.load(tmp_path / f"{n}.npy", mmap_mode="r").shape[0] == n
        return usage.ru_maxrss

    few, many = measure(2000), measure(200000)
    assert many < few + 20 * 1024, f"{few} KiB, then {many} KiB"
