# SPDX-License-Identifier: Apache-2.0
"""TLS: who connects, what the certificate is, what becomes of it when it is replaced, and that what
is told past libmicrohttpd is told inside of the session."""

import errno
import shutil
import signal
import ssl
import subprocess
import time

import openai
import pytest

from harness import read_reply, run_to_end
from sending import BUSY, head, wait_for_busy, wait_for_log, wait_for_metrics


@pytest.fixture(scope="module")
def secure(servers, model, certificate):
    return servers(model, *certificate.options, trusted=certificate.certificate)


def serial_number(connection):
    return connection.getpeercert()["serialNumber"]


def test_a_client_that_trusts_the_certificate_connects(secure):
    assert len(secure.embed(input="a")["data"]) == 1
    assert f"listening on https://127.0.0.1:{secure.port}" in secure.log_text()


def test_the_official_client_connects(secure):
    client = openai.OpenAI(
        base_url=f"https://127.0.0.1:{secure.port}/v1",
        api_key="any",
        http_client=openai.DefaultHttpx2Client(verify=secure.tls),
    )
    model = client.models.list().data[0].id
    assert len(client.embeddings.create(model=model, input="a").data[0].embedding) == 384


def test_a_client_that_does_not_trust_it_does_not(secure):
    with secure.connect_plain() as connection:
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(connection, server_hostname="127.0.0.1")
    assert secure.get("/livez").status == 200


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_versions_that_are_good(secure, certificate, version):
    context = ssl.create_default_context(cafile=certificate.certificate)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with secure.connect_plain() as connection:
        with context.wrap_socket(connection, server_hostname="127.0.0.1") as wrapped:
            assert wrapped.version() == version.replace("_", ".")
            wrapped.sendall(b"GET /livez HTTP/1.1\r\nHost: nestd\r\n\r\n")
            assert read_reply(wrapped, "GET").status == 200


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_versions_are_refused(secure):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with secure.connect_plain() as connection:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(connection)
    assert secure.get("/livez").status == 200


def test_plain_http_is_told_so(secure):
    for body in (b"", b"{}" * 20000):
        with secure.connect_plain(timeout=10) as connection:
            request = b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
            connection.sendall(request + body)
            reply = read_reply(connection)
            assert reply.status == 400 and "https://" in reply.json()["error"]["message"]
            assert connection.recv(1) == b""


def test_noise_is_closed(secure):
    for noise in (b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"\x00" * 100, b"\x80" * 100):
        with secure.connect_plain(timeout=10) as connection:
            connection.sendall(noise)
            try:
                connection.shutdown(1)
                while connection.recv(100):
                    pass
            except OSError as error:  # closed before the first or the second of these calls
                assert error.errno in (errno.ENOTCONN, errno.ECONNRESET)
    assert secure.get("/livez").status == 200


def test_a_body_too_long_is_refused_inside_the_session(start, model, certificate):
    server = start(
        model, "--payload-limit", "64KiB", *certificate.options, trusted=certificate.certificate
    ).wait_ready()
    with server.connect(timeout=10) as connection:
        connection.sendall(head({"path": "/v1/embeddings"}, "Transfer-Encoding: chunked"))
        for _ in range(5):
            connection.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
        reply = read_reply(connection)
        assert reply.status == 413 and reply.json()["error"]["code"] == "payload_too_large"
        assert connection.recv(1) == b"", "with the alert that ends a session"


def test_a_client_that_goes_takes_its_texts_along(secure):
    wait_for_metrics(secure, lambda busy, queued: busy == 0 and queued == 0)
    with secure.connect() as connection:
        connection.sendall(head({"path": "/v1/embeddings"}, f"Content-Length: {len(BUSY)}") + BUSY)
        wait_for_busy(secure)
    began = time.monotonic()
    wait_for_metrics(secure, lambda busy, queued: queued == 0)
    assert time.monotonic() - began < 1, "far less than the texts would take"


def test_stopping_loses_nothing(start, model, certificate):
    options = (*certificate.options, "--drain-timeout", "300")  # on a busy machine, under a sanitizer
    server = start(model, *options, trusted=certificate.certificate).wait_ready()
    with server.connect() as connection:
        connection.sendall(head({"path": "/v1/embeddings"}, f"Content-Length: {len(BUSY)}") + BUSY)
        wait_for_busy(server)
        server.signal()
        reply = read_reply(connection)
        assert reply.status == 200 and reply.headers["Connection"] == "close"
        assert connection.recv(1) == b""
    assert server.wait() == 0


def replace(certificate, other):
    shutil.copy(other.certificate, certificate.certificate)
    shutil.copy(other.key, certificate.key)


def test_the_certificate_is_replaced_while_connections_go_on(start, model, make_certificate):
    old, new = make_certificate("first"), make_certificate("second")
    both = old.certificate.with_name("both.crt")
    both.write_bytes(old.certificate.read_bytes() + new.certificate.read_bytes())
    server = start(model, *old.options, trusted=both).wait_ready()
    with server.connect() as before:
        first = serial_number(before)
        replace(old, new)
        server.signal(signal.SIGHUP)
        wait_for_log(server, "CN=second")
        with server.connect() as after:
            assert serial_number(after) != first
            after.sendall(b"GET /livez HTTP/1.1\r\nHost: nestd\r\n\r\n")
            assert read_reply(after, "GET").status == 200
        before.sendall(b"GET /livez HTTP/1.1\r\nHost: nestd\r\n\r\n")
        assert read_reply(before, "GET").status == 200

    old.certificate.write_text("no certificate")
    server.signal(signal.SIGHUP)
    wait_for_log(server, "stays in force")
    assert str(old.certificate) in server.log_text()
    with server.connect() as still:
        assert serial_number(still) != first


def encrypt(key):
    done = subprocess.run(
        ["openssl", "pkey", "-in", key, "-aes128", "-passout", "pass:secret"],
        check=True,
        capture_output=True,
    )
    return done.stdout


def test_bad_files_are_named_at_start(start, model, make_certificate, tmp_path):
    good, other = make_certificate("good"), make_certificate("other")
    text, encrypted = tmp_path / "text.pem", tmp_path / "encrypted.pem"
    text.write_text("hello")
    encrypted.write_bytes(encrypt(good.key))
    for certificate, key, words in (
        (tmp_path / "nowhere.crt", good.key, ["nowhere.crt", "No such file"]),
        (good.certificate, tmp_path / "nowhere.key", ["nowhere.key", "No such file"]),
        (text, good.key, ["text.pem", "not a certificate"]),
        (good.key, good.key, ["good.key", "not a certificate"]),
        (good.certificate, text, ["text.pem", "not an unencrypted private key"]),
        (good.certificate, good.certificate, ["good.crt", "not an unencrypted private key"]),
        (good.certificate, encrypted, ["encrypted.pem", "not an unencrypted private key"]),
        (good.certificate, other.key, ["other.key", "not the key", "good.crt"]),
    ):
        server = start(model, "--tls-cert", certificate, "--tls-key", key)
        assert server.wait() == 1
        assert all(word in server.log_text() for word in words), server.log_text()


def test_one_file_alone_is_refused(binary):
    for option, missing in (("--tls-cert", "--tls-key"), ("--tls-key", "--tls-cert")):
        done = run_to_end(binary, "--model-id", "m", option, "file")
        assert done.returncode == 2 and option in done.stderr and missing in done.stderr
