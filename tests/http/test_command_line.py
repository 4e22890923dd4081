# SPDX-License-Identifier: Apache-2.0
"""Command lines and model folders that are refused: what is wrong is named, and what is allowed."""

import contextlib
import fcntl
import http.client
import json
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from harness import environment, run_to_end


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--no-such-option"], ["--no-such-option"]),
        (["--portt", "80"], ["--portt"]),
        (["--port"], ["--port"]),
        (["--port", "http"], ["--port", "http", "0", "65535"]),
        (["--port", "65536"], ["--port", "65536", "65535"]),
        (["--port", "-1"], ["--port", "-1"]),
        (["--port", "80x"], ["--port", "80x"]),
        (["--threads", "1025"], ["--threads", "1024"]),
        (["--auto-truncate", "maybe"], ["maybe"]),
        (["--auto-truncate=maybe"], ["--auto-truncate", "true", "false"]),
        (["--log-level", "loud"], ["--log-level", "error", "warning", "info", "debug"]),
        (["--payload-limit", "1"], ["--payload-limit", "1KiB", "4GiB"]),
        (["--payload-limit", "5XB"], ["--payload-limit", "5XB"]),
        (["--drain-delay", "nan"], ["--drain-delay"]),
        (["--dtype", "float99"], ["--dtype", "float99", "float32"]),
        (["stray"], ["stray"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_option_exits_with_2(binary, arguments, words):
    done = run_to_end(binary, *arguments)
    assert done.returncode == 2, done
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--matryoshka-dims", "abc"], ["--matryoshka-dims", "abc", "whole numbers"]),
        (["--matryoshka-dims", "64,128x"], ["--matryoshka-dims", "64,128x"]),
        (["--matryoshka-dims", "0"], ["--matryoshka-dims", "from 1"]),
        (["--pooling", "median"], ["--pooling", "median", "mean", "lasttoken"]),
        (["--cors-allow-origin", "app.example"], ["--cors-allow-origin", "app.example"]),
        (["--tls-cert", "cert.pem"], ["--tls-cert", "--tls-key"]),
        (["--tls-key", "key.pem"], ["--tls-cert", "--tls-key"]),
        (
            ["--default-prompt", "a", "--default-prompt-name", "b"],
            ["--default-prompt", "--default-prompt-name"],
        ),
        (
            ["--max-request-tokens", "11", "--max-queue-tokens", "10"],
            ["--max-request-tokens", "--max-queue-tokens"],
        ),
    ],
    ids=lambda value: " ".join(value),
)
def test_bad_option_beside_a_good_model_exits_with_2_before_the_port_opens(
    binary, model, arguments, words
):
    done = run_to_end(binary, "--model-id", model, "--port", "0", *arguments)
    assert done.returncode == 2 and "listening" not in done.stderr, done
    for word in words:
        assert word in done.stderr, done.stderr


def test_bad_environment_exits_with_2(binary):
    done = run_to_end(binary, env={"NESTD_THREADS": "many"})
    assert done.returncode == 2 and "NESTD_THREADS" in done.stderr and "many" in done.stderr


def test_bad_configuration_file_exits_with_2(binary, tmp_path):
    for text, word in (
        ('{"threds": 1}', "threds"),
        ('{"threads": "many"}', "threads"),
        ("{", "config.json"),
    ):
        (tmp_path / "config.json").write_text(text)
        done = run_to_end(binary, "--config", tmp_path / "config.json")
        assert done.returncode == 2 and word in done.stderr, done


def test_no_model_is_said(binary):
    done = run_to_end(binary)
    assert done.returncode == 2 and "--model-id" in done.stderr


KUBERNETES = {  # what it writes for a Service called nestd
    "NESTD_PORT": "tcp://10.0.0.1:8080",
    "NESTD_SERVICE_HOST": "10.0.0.1",
    "NESTD_SERVICE_PORT": "8080",
    "NESTD_SERVICE_PORT_HTTP": "8080",
    "NESTD_PORT_8080_TCP": "tcp://10.0.0.1:8080",
    "NESTD_PORT_8080_TCP_PROTO": "tcp",
    "NESTD_PORT_8080_TCP_PORT": "8080",
    "NESTD_PORT_8080_TCP_ADDR": "10.0.0.1",
}


def test_kubernetes_service_variables_are_ignored_with_a_warning(start, model):
    server = start(model, env=KUBERNETES).wait_ready()
    assert re.search(r"warning.*NESTD_PORT", server.log_text())


def test_flags_win_over_environment_over_configuration(start, model, tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps({"served_model_name": "file", "max_client_batch_size": 3, "threads": 1})
    )
    environment = {"NESTD_SERVED_MODEL_NAME": "environment", "NESTD_MAX_CLIENT_BATCH_SIZE": "4"}
    server = start(
        model, "--config", tmp_path / "config.json", "--served-model-name", "flag", env=environment
    ).wait_ready()
    assert server.get("/v1/models").json()["data"][0]["id"] == "flag"
    assert server.get("/info").json()["max_client_batch_size"] == 4


def test_command_line_of_tei(start, model):
    """What TEI's README and the charts that run it pass."""
    arguments = "--tokenization-workers 3 --max-batch-requests 8 --max-client-batch-size 64 --dtype float16"
    arguments += " --hostname 127.0.0.1 --max-concurrent-requests 128 --auto-truncate --json-output --disable-spans"
    server = start(model, *arguments.split()).wait_ready()
    info = server.get("/info").json()
    assert (info["tokenization_workers"], info["max_client_batch_size"]) == (3, 64)
    assert info["max_concurrent_requests"] == 128 and info["auto_truncate"] is True
    warnings = [json.loads(line)["message"] for line in server.log if '"warning"' in line]
    assert len(warnings) == 2, warnings
    assert re.search("float16 is taken as auto", warnings[0])
    assert warnings[1].endswith("--max-batch-requests, --disable-spans")


def test_environment_of_tei(binary, model):
    """Here the harness's flags must not get in the way; HOSTNAME is a container's."""
    variables = {
        "MODEL_ID": str(model),
        "PORT": "0",
        "HOSTNAME": "6f2a9c1d3b7e",
        "MAX_CLIENT_BATCH_SIZE": "7",
        "API_KEY": "tei-key",
        "OTLP_ENDPOINT": "",
    }
    process = subprocess.Popen([binary], stderr=subprocess.PIPE, env=environment(variables), text=True)
    try:
        port = next(re.search(r"listening on http://127\.0\.0\.1:(\d+)", line) for line in process.stderr if "listening" in line)[1]
        assert any("ready in" in line for line in process.stderr)
        body = json.dumps({"inputs": ["a"] * 8}).encode()
        headers = {"Content-Type": "application/json"}
        statuses = []
        for more in ({}, {"Authorization": "Bearer tei-key"}):
            connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
            connection.request("POST", "/embed", body, {**headers, **more})
            statuses.append(connection.getresponse().status)
            connection.close()
        assert statuses == [401, 413]
    finally:
        process.terminate()
        rest = process.communicate()[1]
    assert process.returncode == 0 and "warning" not in rest


def test_any_name_of_the_model_is_taken(start, model):
    server = start(model, "--model-alias", "*,ada").wait_ready()
    expected = server.embed(input="a cat")
    for name in ("text-embedding-3-small", "ada", "org/anything", "all MiniLM"):
        assert server.embed(input="a cat", model=name) == expected
    listed = [model["id"] for model in server.get("/v1/models").json()["data"]]
    assert listed == [expected["model"], "ada"]
    assert server.get("/v1/models/whatever").json()["id"] == "whatever"
    assert server.get("/v1/models/%ff").status == 404  # no text
    document = server.get("/openapi.json").json()
    assert document["components"]["schemas"]["ModelName"]["anyOf"][1]["pattern"] == ""


def test_help_and_version(binary):
    assert run_to_end(binary, "--help").returncode == 0
    version = run_to_end(binary, "--version")
    assert version.returncode == 0
    assert re.fullmatch(r"nestd \d+\.\d+\.\d+ \(([0-9a-f]{10}|unknown)\)\n", version.stdout)


def test_port_in_use_is_said(start, model, server):
    second = start(model, port=server.port)
    assert second.wait() == 1
    assert str(server.port) in second.log_text() and "in use" in second.log_text()


def test_missing_model_folder(start, tmp_path):
    server = start(tmp_path / "nowhere")
    assert server.wait() == 2
    assert "nowhere" in server.log_text()


MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_CNN", "type": "sentence_transformers.models.CNN"},
]


def changed(**fields):
    return lambda text: json.dumps({**json.loads(text), **fields})


@pytest.mark.parametrize(
    "file, change, words",
    [
        (
            "config.json",
            changed(model_type="big_bird"),
            ["config.json", "model_type", "big_bird", "bert"],
        ),
        ("config.json", changed(hidden_act="mish"), ["config.json", "hidden_act", "mish"]),
        (
            "config.json",
            changed(position_embedding_type="relative_key"),
            ["config.json", "position_embedding_type", "relative_key"],
        ),
        ("config.json", changed(hidden_size=385), ["config.json", "hidden_size"]),
        ("config.json", changed(hidden_size="384"), ["config.json", "hidden_size"]),
        ("config.json", changed(num_hidden_layers=7), ["encoder.layer.6"]),
        ("config.json", changed(vocab_size=30523), ["word_embeddings", "30523", "30522"]),
        ("config.json", lambda text: None, ["config.json"]),
        ("config.json", lambda text: text[:100], ["config.json"]),
        ("modules.json", lambda text: json.dumps(MODULES), ["modules.json", "models.CNN"]),
        ("modules.json", lambda text: "[]", ["modules.json"]),
        (
            "1_Pooling/config.json",
            changed(pooling_mode="median"),
            ["1_Pooling/config.json", "pooling_mode", "median"],
        ),
        ("tokenizer.json", lambda text: None, ["tokenizer.json"]),
        (
            "tokenizer.json",
            lambda text: json.dumps(
                {**json.loads(text), "model": {"type": "BPE", "vocab": {}, "merges": []}}
            ),
            ["tokenizer.json", "BPE"],
        ),
        ("model.safetensors", lambda text: None, ["model.safetensors"]),
        ("model.safetensors", lambda text: "", ["model.safetensors"]),
        ("model.safetensors", lambda text: "not a safetensors file", ["model.safetensors"]),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else " ".join(value) if isinstance(value, list) else ""
    ),
)
def test_model_folder_that_cannot_be_served_is_refused(
    start, model, model_variant, file, change, words
):
    text = "" if file.endswith(".safetensors") else open(f"{model}/{file}", encoding="utf-8").read()
    files = {file: change(text)}
    server = start(model_variant(files))
    assert server.wait() == 1
    for word in words:
        assert word in server.log_text(), server.log_text()


def test_folder_without_modules_is_mean_pooled_with_a_note(start, model_variant, server):
    plain = start(model_variant({"modules.json": None})).wait_ready()
    assert "modules.json" in plain.log_text()
    assert plain.embed(input="a")["data"] == server.embed(input="a", normalize=False)["data"]


def test_help_is_as_wide_as_its_terminal(binary):
    """By COLUMNS, by the terminal itself, and without either 80."""

    def widest(text):
        return max(len(line) for line in text.splitlines() if not line.startswith("  --"))

    for columns, expected in (("90", 90), ("7", 72), ("500", 100), ("", 80), ("wide", 80)):
        text = run_to_end(binary, "--help", env={"COLUMNS": columns}).stdout
        assert expected - 8 < widest(text) <= expected, columns
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 76, 0, 0))
    shown = subprocess.Popen([binary, "embed", "--help"], stdout=theirs, env={"PATH": os.environ["PATH"]})
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):  # how a terminal ends
        while part := os.read(ours, 4096):
            text += part
    os.close(ours)
    assert shown.wait(20) == 0 and 68 < widest(text.decode()) <= 76
