# SPDX-License-Identifier: Apache-2.0
"""A nestd process under test, and a plain HTTP client that shows every byte of what it answers."""

import http.client
import io
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time

SANITIZER_REPORT = re.compile(
    r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer)|runtime error:"
)
START_TIMEOUT_S = 120


OPTIONS = pathlib.Path(__file__).resolve().parents[2] / "config/options.def"
TEI_VARIABLES = {name.upper() for name in re.findall(r"^TEI_\w+\((\w+),", OPTIONS.read_text(), re.M)}


def environment(more=None):
    """Ours, without the variables that nestd takes as options."""

    def is_kept(name):
        return not name.startswith("NESTD_") and name not in TEI_VARIABLES

    return {**{name: value for name, value in os.environ.items() if is_kept(name)}, **(more or {})}


def cpu_flags():
    """The features of this CPU, as the kernel calls them."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        return set(file.read().split())


def native_dtypes():
    """The number formats besides float32 that nestd takes on this CPU."""
    flags = cpu_flags()
    has = {
        "bfloat16": "avx512_bf16" in flags,
        "int8": "avx512_vnni" in flags or "asimddp" in flags or ("avx2" in flags and "avx512f" not in flags),
    }
    return [dtype for dtype in has if has[dtype]]


class Reply:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body[:500]!r}>"


def read_reply(connection, method="POST"):
    """The reply to what was sent by hand on a socket."""
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return Reply(response.status, response.headers, response.read())


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class Server:
    """Starts the program on a free port. stop() checks exit status 0 and a clean log. With `trusted`,
    a certificate's file, it is spoken to by TLS. `log` is a file for its log that may be full: then
    the port must be given. Without a model, one is named otherwise."""

    def __init__(self, binary, model, *options, port=0, env=None, trusted=None, log=None):
        self.tls = ssl.create_default_context(cafile=trusted) if trusted else None
        named = ["--model-id", str(model)] if model else []
        self.command = [binary, *named, "--port", str(port), *map(str, options)]
        self._port = port if log else None
        self._log = log or tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.command, stderr=self._log, stdout=subprocess.DEVNULL, env=environment(env)
        )

    def log_text(self):
        """All that it has written by now. It writes to a file: nothing is on its way through a pipe.
        Read without seeking, since the two share the file's position."""
        descriptor = self._log.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode("utf-8", "replace")

    @property
    def log(self):
        return list(io.StringIO(self.log_text()))

    @property
    def port(self):
        """None until it listens."""
        if self._port is None:
            # Two lines name it: where a test has one's writing fail, the other is there.
            found = re.search(r"(?:listening on|: open) https?://127\.0\.0\.1:(\d+)\D", self.log_text())
            self._port = int(found.group(1)) if found else None
        return self._port

    def wait_listening(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        has_ended = False
        while not self.port:
            assert not has_ended and time.monotonic() < deadline, f"no port was opened:\n{self.log_text()}"
            has_ended = self.process.poll() is not None
            time.sleep(0.005)
        return self

    def wait_ready(self):
        self.wait_listening()
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if self.get("/readyz").status == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.01)
        raise AssertionError(f"not ready (exit status {self.process.poll()}):\n{self.log_text()}")

    def comes_up(self):
        """Waits until it is ready, or False once it has ended."""
        deadline = time.monotonic() + 60
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"neither ready nor ended:\n{self.log_text()}"
            try:
                if self.port and self.get("/readyz").status == 200:
                    return True
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.002)
        return False

    # Requests: one connection each, so that one test cannot disturb another.

    def request(self, method, path, body=None, headers=None, timeout=300):
        if self.tls:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=timeout, context=self.tls
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path, value, headers=None, **kwargs):
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self.request("POST", path, json.dumps(value).encode(), headers, **kwargs)

    def embed(self, **fields):
        reply = self.post("/v1/embeddings", fields)
        assert reply.status == 200, reply
        return reply.json()

    def connect(self, timeout=60):
        connection = self.connect_plain(timeout)
        if self.tls:
            return self.tls.wrap_socket(connection, server_hostname="127.0.0.1")
        return connection

    def connect_plain(self, timeout=60):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def metric(self, series):
        """The value of one series by its full name, labels included."""
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no series {series}")

    # The end.

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout=60):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not end within {timeout} s:\n{self.log_text()}") from None
        assert not SANITIZER_REPORT.search(self.log_text()), self.log_text()
        return status

    def stop(self):
        if self.process.poll() is None:
            self.signal()
        status = self.wait()
        assert status == 0, f"exit status {status}:\n{self.log_text()}"


def run_to_end(binary, *arguments, env=None, timeout=60):
    """For command lines that must not start a server."""
    done = subprocess.run(
        [binary, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(env),
    )
    assert not SANITIZER_REPORT.search(done.stderr), done.stderr
    return done


def stop_all(servers):
    problems = []
    for server in servers:
        try:
            server.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)
