# SPDX-License-Identifier: Apache-2.0
"""Without serving: --check-config says what a start would say, --health-check asks a running server."""

import socket

import pytest

from harness import Server, run_to_end

FINE = "the configuration is fine\n"


def check(binary, *arguments, **more):
    return run_to_end(binary, "--check-config", *arguments, **more)


def test_good_configuration_is_fine_and_nothing_is_started(binary, model, certificate, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("sk-1\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]  # nobody listens, so a port that is taken does not matter
        done = check(binary, "--model-id", model, "--port", port, "--api-key-file", keys, *certificate.options)
    assert (done.returncode, done.stdout) == (0, FINE), done
    assert "listening" not in done.stderr and "1 API keys" in done.stderr


def test_bad_configuration_is_told_as_a_start_tells_it(binary, model, model_variant, make_certificate, tmp_path):
    (tmp_path / "keys").write_text("sk-1 never\n")
    odd = model_variant({"1_Pooling/config.json": '{"word_embedding_dimension": 7, "pooling_mode_mean_tokens": true}'})
    one, other = make_certificate("one"), make_certificate("other")
    for options in (
        ["--model-id", tmp_path / "nowhere"],
        ["--model-id", odd],
        ["--model-id", model, "--matryoshka-dims", "9999"],
        ["--model-id", model, "--api-key-file", tmp_path / "keys"],
        ["--model-id", model, "--tls-cert", one.certificate, "--tls-key", other.key],
        ["--model-id", model, "--otlp-endpoint", "nowhere"],
        ["--model-id", model, "--threads", "many"],
    ):
        checked, started = check(binary, *options), run_to_end(binary, "--port", "0", *options)
        assert checked.returncode == started.returncode != 0, (checked, started)

        def said(done):
            """Without times."""
            return [line.split(" ", 1)[-1] if line[:2] == "20" else line for line in done.stderr.splitlines()]

        assert said(checked) == said(started) and checked.stdout == ""


def test_model_that_would_be_downloaded_is_not(binary, tmp_path):
    done = check(binary, "--model-id", "acme/model", env={"HF_HUB_CACHE": str(tmp_path)})
    assert done.returncode == 2 and "--check-config downloads nothing" in done.stderr, done
    assert not list(tmp_path.iterdir())


def ask(binary, url, *options, **env):
    return run_to_end(binary, "--health-check", url, *options, env=env, timeout=10)


def test_health_of_a_server(binary, server):
    url = f"http://127.0.0.1:{server.port}"
    done = ask(binary, f"{url}/livez", http_proxy="http://127.0.0.1:9")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{url}/livez: 200\n", "")
    for options, env in ((["--port", server.port], {}), ([], {"NESTD_PORT": str(server.port)}), ([], {"PORT": str(server.port)})):
        for hostname in ("127.0.0.1", "0.0.0.0"):
            done = ask(binary, "/readyz", *options, NESTD_HOSTNAME=hostname, NESTD_MODEL_ID="/nowhere", **env)
            assert (done.returncode, done.stdout) == (0, f"{url}/readyz: 200\n"), done
    done = ask(binary, f"{url}/nowhere")
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith(f"nestd: {url}/nowhere: 404 {{")
    assert done.stderr.count("\n") == 1


def test_health_of_a_server_that_speaks_tls(binary, servers, model, certificate):
    server = servers(model, *certificate.options, trusted=certificate.certificate)
    own = ask(binary, "/livez", "--port", server.port, *certificate.options)
    assert (own.returncode, own.stdout) == (0, f"https://127.0.0.1:{server.port}/livez: 200\n"), own
    url = f"https://127.0.0.1:{server.port}/livez"
    assert ask(binary, url).returncode == 1  # nobody vouches for it
    assert ask(binary, url, SSL_CERT_FILE=str(certificate.certificate)).returncode == 0


def test_health_of_nobody(binary):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        done = ask(binary, "/livez", "--port", port)  # accepts, and says nothing
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done
    done = ask(binary, "/livez", "--port", port)
    assert done.returncode == 1 and done.stderr.startswith(f"nestd: http://127.0.0.1:{port}/livez: "), done


@pytest.mark.parametrize("arguments", [["--port", "0", "/livez"], ["livez"], [""]])
def test_what_cannot_be_asked(binary, arguments):
    done = ask(binary, arguments[-1], *arguments[:-1])
    assert done.returncode == 2 and "--health-check" in done.stderr, done
